import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import type { ArrivalLine } from '../../src/dev-server/arrival-log.ts';
import { runDemoTraffic } from '../../src/dev-server/demo-traffic.ts';
import { shapesPath } from '../../src/dev-server/grpc/shapes-rpcs.ts';
import { EngramTraceError } from '../../src/error.ts';
import { CollectSummary, CountRequest, EchoMessage } from '../../src/gen/engramtrace/test/v1/shapes.ts';
import { newFolder } from '../support/folders.ts';
import { callBidi, callClientStream, callServerStream, callUnary } from './support/grpc-calls.ts';
import { call, grpcClient, nowNs, startServer } from './support/start-server.ts';

const ECHO = { path: shapesPath('Echo'), request: EchoMessage, response: EchoMessage };
const echo = (number: number) => ({ number, payload: Buffer.from(`payload ${number}`), failWith: 0 });

const logFile = (): string => join(newFolder(), 'arrivals.ndjson');

async function readLines(path: string): Promise<ArrivalLine[]> {
  const text = await readFile(path, 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as ArrivalLine);
}

test('the arrival log holds one line for each operation, and one for each message of a stream', async (t) => {
  const arrivalLog = logFile();
  const startNs = nowNs();
  const server = await startServer(t, { arrivalLog });
  const body = JSON.stringify({ content: 'x' });
  await call(server.httpPort, 'POST', '/api/v1/memories/remember', body);
  await call(server.httpPort, 'GET', '/api/v1/memories/search?query=x');
  await call(server.httpPort, 'GET', '/no/such/path/12345');
  const client = grpcClient(t, server.grpcPort);
  await callUnary(client, ECHO, echo(1));
  await callBidi(client, { ...ECHO, path: shapesPath('Chat') }, [echo(1), echo(2), echo(3)]);
  await callClientStream(
    client,
    { path: shapesPath('Collect'), request: EchoMessage, response: CollectSummary },
    [echo(4)],
  );
  const count = { path: shapesPath('Count'), request: CountRequest, response: EchoMessage };
  await callServerStream(client, count, { count: 2, intervalMs: 1, payloadBytes: 0 });
  await server.close();
  const lines = await readLines(arrivalLog);
  assert.deepEqual(
    lines.map(({ op, message, messages }) => [op, message, messages]),
    [
      ['remember', undefined, undefined],
      ['search', undefined, undefined],
      ['GET /no/:id/:id/:id', undefined, undefined],
      ['Shapes/Echo', undefined, undefined],
      ...[1, 2, 3].map((n) => ['Shapes/Chat', n, undefined]),
      ['Shapes/Chat', undefined, 3],
      ['Shapes/Collect', 1, undefined],
      ['Shapes/Collect', undefined, 1],
      ['Shapes/Count', 1, undefined],
      ['Shapes/Count', undefined, 1],
    ],
  );
  const [remember] = lines;
  assert.equal(remember?.body_bytes, body.length);
  assert.equal(remember?.body_crc32, crc32(body));
  const chat = Buffer.concat([1, 2, 3].map((n) => EchoMessage.encode(echo(n)).finish()));
  assert.deepEqual([lines[7]?.body_bytes, lines[7]?.body_crc32], [chat.length, crc32(chat)]);
  assert.deepEqual(
    lines.slice(0, 3).map(({ session }) => session),
    [1, 2, 3],
  );
  assert.equal(new Set(lines.slice(3).map(({ session }) => session)).size, 1);
  assert.ok(lines.every(({ arrival_ns: at }) => at > startNs && at < nowNs()));
});

test('a request cut off in the middle is logged as aborted', async (t) => {
  const arrivalLog = logFile();
  const server = await startServer(t, { arrivalLog });
  const socket = connect(server.httpPort, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write('POST /api/v1/memories/remember HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"cont');
  while (server.stats().httpOps === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  socket.destroy();
  let lines: ArrivalLine[] = [];
  for (const endNs = nowNs() + 20e9; lines.length === 0 && nowNs() < endNs; ) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    lines = await readLines(arrivalLog);
  }
  assert.deepEqual(
    lines.map(({ op, aborted }) => [op, aborted]),
    [['remember', true]],
  );
});

test('a call that the client cancels is logged with what came of it', async (t) => {
  const arrivalLog = logFile();
  const server = await startServer(t, { arrivalLog });
  const asIs = (bytes: Buffer) => bytes;
  const call = grpcClient(t, server.grpcPort).makeBidiStreamRequest(shapesPath('Chat'), asIs, asIs);
  const ended = new Promise((resolve) => call.on('error', resolve));
  call.write(Buffer.from(EchoMessage.encode(echo(1)).finish()));
  await new Promise((resolve) => call.once('data', resolve));
  call.cancel();
  await ended;
  let lines: ArrivalLine[] = [];
  for (const endNs = nowNs() + 20e9; lines.length < 2 && nowNs() < endNs; ) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    lines = await readLines(arrivalLog);
  }
  const seen = lines.map(({ message, messages, aborted }) => [message, messages, aborted]);
  assert.deepEqual(seen, [
    [1, undefined, undefined],
    [undefined, 1, true],
  ]);
});

test('the same seed injects the same errors, over both protocols', async (t) => {
  const run = async (seed: number) => {
    const server = await startServer(t, { errorRate: 0.3, seed });
    const client = grpcClient(t, server.grpcPort);
    const failures: string[] = [];
    for (let i = 0; i < 40; i++) {
      const http = await call(server.httpPort, 'GET', '/health/alive');
      if (http.status !== 200) failures.push(`${i} ${http.status} ${http.json.error.code}`);
      const grpc = await callUnary(client, ECHO, echo(i));
      if (grpc.code !== status.OK) failures.push(`${i} ${status[grpc.code]}`);
    }
    assert.equal(server.stats().errors, failures.length);
    return failures;
  };
  const failures = await run(5);
  assert.ok(failures.length > 8 && failures.length < 45, String(failures.length));
  assert.ok(failures.some((failure) => failure.endsWith('500 MEMORY_SYSTEM_ERROR')));
  assert.ok(failures.some((failure) => failure.endsWith('INTERNAL')));
  assert.deepEqual(await run(5), failures);
  assert.notDeepEqual(await run(6), failures);
});

test('no answer comes before its latency, nor inside a stall', async (t) => {
  const slow = await startServer(t, { latency: { kind: 'fixed', ns: 30e6 } });
  const startNs = nowNs();
  await call(slow.httpPort, 'GET', '/health/alive');
  assert.ok(nowNs() - startNs >= 30e6);
  const beforeNs = nowNs();
  const stalled = await startServer(t, { stalls: [{ startNs: 0, endNs: 400e6 }] });
  const client = grpcClient(t, stalled.grpcPort);
  const answers = [
    callUnary(client, ECHO, echo(1)),
    callBidi(client, { ...ECHO, path: shapesPath('Chat') }, [echo(2)]),
  ];
  for (const answer of await Promise.all(answers)) assert.equal(answer.messages.length, 1);
  assert.equal((await call(stalled.httpPort, 'GET', '/health/alive')).status, 200);
  assert.ok(nowNs() - beforeNs >= 400e6);
});

test('closing ends what is open and frees the ports', async (t) => {
  const arrivalLog = logFile();
  const server = await startServer(t, { arrivalLog, latency: { kind: 'fixed', ns: 600e9 } });
  const client = grpcClient(t, server.grpcPort);
  const open = [
    call(server.httpPort, 'GET', '/health/alive').then(
      () => 'answered',
      () => 'ended',
    ),
    callUnary(client, ECHO, echo(1)).then(({ code }) => (code === status.OK ? 'answered' : 'ended')),
    new Promise((resolve) => {
      const asIs = (bytes: Buffer) => bytes;
      const chat = client.makeBidiStreamRequest(shapesPath('Chat'), asIs, asIs);
      chat.on('error', () => resolve('ended'));
      chat.on('data', () => resolve('answered'));
      chat.write(Buffer.from(EchoMessage.encode(echo(1)).finish()));
    }),
  ];
  while (server.stats().httpOps + server.stats().grpcOps < 3)
    await new Promise((resolve) => setTimeout(resolve, 5));
  await server.close();
  assert.deepEqual(await Promise.all(open), ['ended', 'ended', 'ended']);
  const operations = (await readLines(arrivalLog)).filter(({ message }) => message === undefined);
  assert.deepEqual(operations.map(({ op }) => op).sort(), ['Shapes/Chat', 'Shapes/Echo', 'health']);
  const again = await startServer(t, { httpPort: server.httpPort, grpcPort: server.grpcPort });
  assert.equal((await call(again.httpPort, 'GET', '/health/alive')).status, 200);
});

test('a port in use, an impossible rate and a log that can not be written are errors that say so', async (t) => {
  const server = await startServer(t);
  const fails = (options: Parameters<typeof startServer>[1], code: string, words: RegExp) =>
    assert.rejects(startServer(t, options), (error) => {
      return error instanceof EngramTraceError && error.code === code && words.test(error.message);
    });
  await fails({ httpPort: server.httpPort }, 'io', /another program listens there already/);
  await fails({ grpcPort: server.grpcPort }, 'io', /EADDRINUSE/);
  await fails({ errorRate: 1.5 }, 'usage', /error rate/);
  await fails({ arrivalLog: join(tmpdir(), 'no-such-folder', 'x', 'log') }, 'io', /ENOENT/);
});

test('demo traffic: what its clients count is what the server logs', async (t) => {
  const arrivalLog = logFile();
  const server = await startServer(t, { arrivalLog, latency: { kind: 'exp', meanNs: 1e6 } });
  const { httpPort, grpcPort } = server;
  const wallMs = () => Date.now();
  const counts = await runDemoTraffic({
    httpPort,
    grpcPort,
    seed: 3,
    durationMs: 1500,
    clients: 6,
    nowNs,
    wallMs,
  });
  await server.close();
  const operations = (await readLines(arrivalLog)).filter(({ message }) => message === undefined);
  const of = (protocol: string) => operations.filter((line) => line.protocol === protocol);
  assert.equal(counts.failed, 0);
  assert.equal(of('http').length, counts.httpOps);
  assert.equal(of('grpc').length, counts.grpcOps);
  assert.equal(of('grpc').filter(({ messages }) => messages !== undefined).length, counts.grpcStreams);
  assert.ok(counts.httpOps > 0 && counts.grpcOps > 0);
  assert.equal(new Set(operations.map(({ session }) => session)).size, 6);
});

test('demo traffic ends with its count, and when nobody answers', async (t) => {
  const server = await startServer(t);
  const { httpPort, grpcPort } = server;
  const options = { httpPort, grpcPort, seed: 3, clients: 2, nowNs, wallMs: () => Date.now() };
  const counted = await runDemoTraffic({ ...options, durationMs: 60_000, maxOperations: 12 });
  assert.equal(counted.httpOps + counted.grpcOps, 12);
  await server.close();
  const unanswered = await runDemoTraffic({ ...options, durationMs: 60_000, clients: 1, maxOperations: 3 });
  assert.deepEqual([unanswered.httpOps, unanswered.failed], [3, 3]);
});

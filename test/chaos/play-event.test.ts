import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { createChaosBytes } from '../../src/chaos/chaos-bytes.ts';
import { createChaosSockets } from '../../src/chaos/open-chaos-socket.ts';
import { type EventEnd, playEvent } from '../../src/chaos/play-event.ts';
import type { ChaosTarget } from '../../src/replay-run/options/chaos-load.ts';
import { parseHttpEndpoint } from '../../src/replay-run/target/endpoint.ts';
import type { ChaosKind } from '../../src/workload/scenario/chaos-spec.ts';
import { selfSigned } from '../capture/self-signed.ts';
import { startScriptedHttp2Server } from '../support/scripted-http2-server.ts';
import { scenarioWith } from '../workload/support.ts';

/** Longer than any test: what is not to be waited for. */
const FOR_EVER_MS = 600_000;

interface Given {
  variant?: number;
  holdMs?: number;
  connectMs?: number;
}

function targetAt(
  url: string,
  protocol: ChaosTarget['protocol'],
  over: Partial<ChaosTarget> = {},
): ChaosTarget {
  const headers = ['authorization', 'Bearer mine'];
  return {
    protocol,
    endpoint: parseHttpEndpoint(url),
    addresses: undefined,
    tls: undefined,
    headers,
    ...over,
  };
}

function begin(target: ChaosTarget, kind: ChaosKind, given: Given = {}) {
  const { variant = 1, holdMs = FOR_EVER_MS, connectMs = FOR_EVER_MS } = given;
  const bytesOf = createChaosBytes(target, scenarioWith({}, { nodes: 10 }), 3);
  const bytes = bytesOf({ kind, number: 0, atNs: 0, variant, share: 2 ** 31, target: 0 });
  let cut = (): void => {};
  const ended = new Promise<[EventEnd, string | undefined]>((resolve) => {
    const { protocol } = target;
    const onEnd = (...end: [EventEnd, string | undefined]): void => resolve(end);
    cut = playEvent({ kind, protocol, bytes, holdMs, connectMs, open: createChaosSockets(target), onEnd });
  });
  return { ended, bytes, cut: () => cut() };
}

/** A server on which each connection is treated like this. */
async function listening(t: TestContext, onSocket: (socket: Socket) => void): Promise<string> {
  return urlOf(
    t,
    createServer((socket) => onSocket(socket.on('error', () => {}))),
    'http',
  );
}

async function urlOf(t: TestContext, server: Server, scheme: string): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a stalled connection sends half of a request, holds it, and closes', async (t) => {
  let received = '';
  let hasEnded = (): void => {};
  const closed = new Promise<void>((resolve) => {
    hasEnded = resolve;
  });
  const url = await listening(t, (socket) => {
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.on('close', () => hasEnded());
  });
  const { ended, bytes } = begin(targetAt(url, 'http'), 'stalled_connections', { holdMs: 50 });
  assert.deepEqual(await ended, ['ended_by_us', undefined]);
  await closed;
  assert.equal(received, bytes.toString('latin1'));
  assert.match(received, /^POST \/api\/v1\/memories\/remember HTTP\/1\.1\r\n/);
  const length = Number(/content-length: (\d+)/.exec(received)?.[1]);
  assert.ok(received.length - received.indexOf('\r\n\r\n') - 4 < length);
});

test('a server that answers or closes ends it, and what it said is told', async (t) => {
  const answering = await listening(t, (socket) =>
    socket.end('HTTP/1.1 408 Too slow\r\ncontent-length: 0\r\n\r\n'),
  );
  const { ended } = begin(targetAt(answering, 'http'), 'stalled_connections');
  assert.deepEqual(await ended, ['answered', '408']);
  const closing = await listening(t, (socket) => socket.destroy());
  assert.deepEqual(await begin(targetAt(closing, 'http'), 'malformed_requests').ended, [
    'closed_by_server',
    undefined,
  ]);
  const babbling = await listening(t, (socket) => socket.write('220 mail\r\n\r\n'));
  assert.deepEqual(await begin(targetAt(babbling, 'http'), 'malformed_requests').ended, [
    'answered',
    'no HTTP',
  ]);
});

test('nobody there, and somebody who lets nobody in, are not connected', async (t) => {
  const server = createServer();
  const url = await urlOf(t, server, 'http');
  await new Promise((resolve) => server.close(resolve));
  assert.deepEqual(await begin(targetAt(url, 'http'), 'aborted_requests').ended, [
    'not_connected',
    undefined,
  ]);
  // The handshake of TLS never ends here.
  const silent = (await listening(t, () => {})).replace('http:', 'https:');
  const waiting = begin(targetAt(silent, 'http'), 'slow_readers', { connectMs: 50 });
  assert.deepEqual(await waiting.ended, ['not_connected', undefined]);
  const open = begin(targetAt(silent, 'http'), 'slow_readers');
  open.cut();
  assert.deepEqual(await open.ended, ['cut_off', undefined]);
});

test('an aborted request is whole, and its connection is reset, with TLS too', async (t) => {
  const { cert, key } = await selfSigned();
  for (const tls of [undefined, { ca: cert }]) {
    let code = '';
    let received = '';
    const onSocket = (socket: Socket): void => {
      socket.resume();
      socket.on('error', (error: NodeJS.ErrnoException) => failed.resolve(error.code ?? ''));
      socket.on('close', () => failed.resolve('closed in peace'));
    };
    let failed = withResolvers();
    const server = tls === undefined ? createServer(onSocket) : createTlsServer({ cert, key }, onSocket);
    server.on('tlsClientError', () => failed.resolve('closed in the handshake'));
    const url = await urlOf(t, server, tls === undefined ? 'http' : 'https');
    const target = targetAt(url, 'http', { tls });
    // To a server that has not read yet, as the machine stood still, a reset is an end like any other.
    for (const holdMs of [20, 500, 5000]) {
      failed = withResolvers();
      const { ended, bytes } = begin(target, 'aborted_requests', { holdMs });
      assert.deepEqual(await ended, ['ended_by_us', undefined]);
      code = await failed.promise;
      received = bytes.toString('latin1');
      if (code === 'ECONNRESET') break;
    }
    assert.equal(code, 'ECONNRESET');
    // A reset may overtake what was sent.
    assert.match(received, /^GET \/api\/v1\/memories\/recall\?/);
    assert.match(received, /authorization: Bearer mine\r\n/);
    assert.ok(received.endsWith('\r\n\r\n'));
  }
});

test('a slow reader takes an answer a few bytes at a time, and a short one to its end', async (t) => {
  const body = 'x'.repeat(64 * 2 ** 20);
  const head = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`;
  let isAllTaken = false;
  const large = await listening(t, (socket) => {
    socket.once('data', () => socket.write(head + body, () => (isAllTaken = true)));
  });
  const { ended } = begin(targetAt(large, 'http'), 'slow_readers', { holdMs: 3000 });
  assert.deepEqual(await ended, ['ended_by_us', '200']);
  assert.equal(isAllTaken, false);
  const short = await listening(t, (socket) => {
    socket.once('data', () =>
      socket.write(`HTTP/1.1 404 No\r\ncontent-length: 100\r\n\r\n${'x'.repeat(100)}`),
    );
  });
  assert.deepEqual(await begin(targetAt(short, 'http'), 'slow_readers').ended, ['answered', '404']);
});

test('HTTP/2: whole calls are understood, read slowly by their windows, and cancelled', async (t) => {
  const codes: number[] = [];
  const seen: string[] = [];
  const server = await startScriptedHttp2Server((stream, headers) => {
    seen.push(`${headers[':path']} ${headers['authorization']}`);
    stream.on('close', () => codes.push(stream.rstCode));
    if (seen.length > 1) return;
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
    stream.end(Buffer.alloc(500));
  });
  t.after(() => server.close());
  const target = targetAt(`http://${server.target}`, 'grpc');
  const slow = await begin(target, 'slow_readers').ended;
  assert.deepEqual(slow, ['answered', '200']);
  const aborted = await begin(target, 'aborted_requests', { holdMs: 500 }).ended;
  assert.deepEqual(aborted, ['ended_by_us', undefined]);
  for (let i = 0; codes.length < 2 && i < 3000; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(codes.at(-1), 8);
  assert.deepEqual(new Set(seen), new Set(['/engram.v1.EngramService/Recall Bearer mine']));
  // A frame of 16 MiB.
  const malformed = await begin(target, 'malformed_requests', { variant: 3 }).ended;
  assert.deepEqual(malformed, ['answered', 'GOAWAY FRAME_SIZE_ERROR']);
});

function withResolvers(): { promise: Promise<string>; resolve: (text: string) => void } {
  let resolve = (_: string): void => {};
  const promise = new Promise<string>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

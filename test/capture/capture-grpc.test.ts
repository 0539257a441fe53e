import assert from 'node:assert/strict';
import http2 from 'node:http2';
import { describe, it } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import type { TraceRecord } from '../../src/trace/record/record.ts';
import { missing } from '../support/missing.ts';
import { chat, collect, count, shapesClient, shapesServer, unary } from './grpc-shapes.ts';
import { captureFor, LOOPBACK, listenerTo, listenFor, readOpLog, run, until } from './support.ts';

const noH2load = missing('h2load');

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();
/** What the client sent, whichever form the record has. */
function sentBy({ body, stream }: TraceRecord): string[] {
  if (stream === undefined) return [text(body)];
  return stream.messages.filter(({ fromServer }) => !fromServer).map(({ data }) => text(data));
}

function header({ headers }: TraceRecord, name: string): string | undefined {
  return headers.find((_, i) => i % 2 === 1 && headers[i - 1] === name);
}

describe('capture of gRPC', () => {
  it('records every shape of call exactly as the server sees it', async (t) => {
    const { port: upstream, calls } = await shapesServer(t);
    const { port, folder, capture } = await captureFor(t, {
      grpc: listenerTo(upstream),
      keepResponses: true,
    });
    const client = shapesClient(t, port);
    const metadata = new grpc.Metadata();
    metadata.set('x-mine', 'v');
    metadata.set('authorization', 'Bearer s3cret');
    metadata.set('data-bin', Buffer.from([0, 255]));
    assert.equal(await unary(client, 'hello', metadata, { deadline: Date.now() + 60_000 }), 're:hello');
    assert.equal(await unary(client, ''), 're:');
    assert.equal(await unary(client, 'fail'), 'error 5');
    const large = 'x'.repeat(200_000);
    assert.equal(await unary(client, large), `re:${large}`);
    assert.equal(await collect(client, ['a', 'bb', '', 'dddd']), '4');
    assert.deepEqual(await count(client, 3), ['n0', 'n1', 'n2']);
    assert.deepEqual(await chat(client, ['one', 'two'], 'half-close'), ['re:one', 're:two']);
    assert.deepEqual(await chat(client, ['gone'], 'cancel'), ['re:gone']);
    await until(() => calls.at(-1)?.cancelled === true, 'the server sees the cancel');
    client.close();
    await capture.close();
    const { records, loss } = await readOpLog(folder);
    assert.equal(loss.recordsDropped, 0);
    assert.deepEqual(
      records.map((record) => [record.path, sentBy(record)]),
      calls.map(({ path, messages }) => [path, messages]),
    );
    const [hello, empty, fail, long, collected, counted, chatted, cancelled] = records as TraceRecord[];
    assert.ok(hello && empty && fail && long && collected && counted && chatted && cancelled);
    for (const record of records) {
      assert.equal(record.protocol, 'grpc');
      assert.match(record.session, /^test1234-g\d+$/);
      assert.equal(record.bodyBytesMissing, 0);
      assert.match(header(record, ':authority') ?? '', /^127\.0\.0\.1:/);
      assert.equal(header(record, 'content-type'), 'application/grpc');
    }
    assert.deepEqual(
      [header(hello, 'x-mine'), header(hello, 'authorization'), header(hello, 'data-bin')],
      ['v', '[redacted]', 'AP8='],
    );
    assert.ok((hello.deadlineNs as number) > 30e9 && (hello.deadlineNs as number) <= 60e9);
    assert.equal(empty.deadlineNs, undefined);
    assert.deepEqual(
      [hello.stream, hello.outcome.status, hello.outcome.ok, text(hello.outcome.response)],
      [undefined, 0, true, 're:hello'],
    );
    assert.deepEqual([empty.stream, empty.outcome.responseBytes], [undefined, 3]);
    assert.deepEqual(
      [fail.stream, fail.outcome.status, fail.outcome.ok, fail.outcome.error],
      [undefined, 5, false, ''],
    );
    assert.equal(long.outcome.responseBytes, 200_003);
    assert.equal(collected.stream?.messages.length, 5);
    assert.ok((collected.stream?.halfCloseNs as number) > 0);
    assert.deepEqual(
      counted.stream?.messages.map(({ fromServer, data, sizeBytes }) => [fromServer, text(data), sizeBytes]),
      [
        [false, '3', 1],
        [true, 'n0', 2],
        [true, 'n1', 2],
        [true, 'n2', 2],
      ],
    );
    assert.deepEqual(
      chatted.stream?.messages.map(({ fromServer, data }) => [fromServer, text(data)]),
      [
        [false, 'one'],
        [true, 're:one'],
        [false, 'two'],
        [true, 're:two'],
      ],
    );
    const offsets = chatted.stream?.messages.map(({ offsetNs }) => offsetNs) ?? [];
    assert.deepEqual(
      offsets,
      [...offsets].sort((a, b) => a - b),
    );
    assert.ok((chatted.stream?.halfCloseNs as number) >= (offsets[3] as number));
    assert.ok((cancelled.stream?.cancelNs as number) > 0);
    assert.deepEqual([cancelled.outcome.error, cancelled.outcome.ok], ['client_aborted', false]);
  });

  it('keeps sizes and no data of answers unless told to', async (t) => {
    const { port: upstream } = await shapesServer(t);
    const { port, folder, capture } = await captureFor(t, { grpc: listenerTo(upstream) });
    const client = shapesClient(t, port);
    await unary(client, 'hello');
    await count(client, 1);
    await count(client, 2);
    client.close();
    await capture.close();
    const [hello, one, two] = (await readOpLog(folder)).records as TraceRecord[];
    assert.deepEqual([hello?.outcome.response, hello?.outcome.responseBytes], [undefined, 8]);
    assert.equal(one?.stream, undefined, 'one message each way is no stream');
    assert.deepEqual(
      two?.stream?.messages.map(({ data, sizeBytes }) => [data.length, sizeBytes]),
      [
        [1, 1],
        [0, 2],
        [0, 2],
      ],
    );
  });

  it('records many calls at a time on one connection', async (t) => {
    const { port: upstream, calls } = await shapesServer(t);
    const { port, folder, capture } = await captureFor(t, { grpc: listenerTo(upstream) });
    const client = shapesClient(t, port);
    const jobs = Array.from({ length: 300 }, (_, i) => {
      if (i % 4 === 0) return collect(client, [`c${i}`, 'x'.repeat(i * 50)]);
      return i % 4 === 1 ? chat(client, [`b${i}`, 'again'], 'half-close') : unary(client, `u${i}`);
    });
    await Promise.all<unknown>(jobs);
    client.close();
    await capture.close();
    const { records } = await readOpLog(folder);
    const key = (path: string, messages: readonly string[]): string => `${path} ${messages.join()}`;
    assert.deepEqual(
      records.map((record) => key(record.path, sentBy(record))).sort(),
      calls.map(({ path, messages }) => key(path, messages)).sort(),
    );
    assert.equal(new Set(records.map(({ session }) => session)).size, 1);
  });

  it('limits a long call and says what is missing', async (t) => {
    const { port: upstream, calls } = await shapesServer(t);
    const { port, folder, capture } = await captureFor(t, { grpc: listenerTo(upstream), maxBodyBytes: 10 });
    const client = shapesClient(t, port);
    await collect(client, ['12345678', 'abcdefgh', 'zz']);
    client.close();
    await capture.close();
    const { records, loss } = await readOpLog(folder);
    assert.deepEqual(calls[0]?.messages, ['12345678', 'abcdefgh', 'zz']);
    assert.deepEqual(sentBy(records[0] as TraceRecord), ['12345678', 'ab', '']);
    assert.equal(records[0]?.bodyBytesMissing, 8);
    assert.deepEqual([loss.bodiesTruncated, loss.bodyBytesTruncated], [1, 8]);
  });

  it('records a call whose server dies under it', async (t) => {
    const sockets = new Set<http2.ServerHttp2Session>();
    const server = http2.createServer();
    server.on('session', (session) => {
      sockets.add(session);
      session.on('close', () => sockets.delete(session));
    });
    server.on('stream', (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      stream.on('error', () => {});
      setTimeout(() => {
        for (const session of sockets) session.socket.resetAndDestroy();
      }, 100);
    });
    const upstream = await listenFor(t, server);
    const { port, folder, capture } = await captureFor(t, { grpc: listenerTo(upstream) });
    assert.match(
      await unary(shapesClient(t, port), 'x', new grpc.Metadata(), { deadline: Date.now() + 15_000 }),
      /^error/,
    );
    await capture.close();
    const [record] = (await readOpLog(folder)).records;
    assert.equal(record?.outcome.error, 'upstream_reset');
    assert.deepEqual(sentBy(record as TraceRecord), ['x']);
  });

  it('records plain HTTP/2 requests as HTTP, every header byte as sent', async (t) => {
    const arrivals: http2.IncomingHttpHeaders[] = [];
    const server = http2.createServer();
    server.on('stream', (stream, headers) => {
      arrivals.push(headers);
      stream.on('error', () => {});
      stream.resume().on('end', () => {
        stream.respond({ ':status': 201, 'x-long': 'y'.repeat(5_000) });
        stream.end('made');
      });
    });
    const upstream = await listenFor(t, server);
    const { port, folder, capture } = await captureFor(t, { grpc: listenerTo(upstream) });
    const session = http2.connect(`http://${LOOPBACK}:${port}`);
    t.after(() => session.destroy());
    const latin = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).join('');
    for (let i = 0; i < 60; i++) {
      // Changing and repeating values make the encoder's table fill up and evict.
      const rotated = latin.slice(i) + latin.slice(0, i);
      const stream = session.request({
        ':method': 'POST',
        ':path': `/p?n=${i % 7}`,
        [`x-${i % 30}`]: rotated.repeat((i % 5) + 1),
      });
      stream.end(`body ${i}`);
      stream.resume();
      await new Promise((resolve) => stream.on('close', resolve));
    }
    await new Promise<void>((resolve) => session.close(resolve));
    await capture.close();
    const { records, loss } = await readOpLog(folder);
    assert.equal(loss.recordsDropped, 0);
    assert.equal(records.length, 60);
    for (const [i, record] of records.entries()) {
      assert.deepEqual(
        [record.protocol, record.method, record.path],
        ['http', 'POST', arrivals[i]?.[':path']],
      );
      assert.equal(header(record, 'host'), `${LOOPBACK}:${port}`);
      assert.equal(header(record, `x-${i % 30}`), arrivals[i]?.[`x-${i % 30}`]);
      assert.equal(text(record.body), `body ${i}`);
      assert.deepEqual([record.outcome.status, record.outcome.responseBytes], [201, 4]);
    }
  });

  it('records every request of a load by h2load', { skip: noH2load }, async (t) => {
    let seen = 0;
    let bytes = 0;
    const server = http2.createServer();
    server.on('stream', (stream) => {
      seen++;
      stream.on('data', (part: Buffer) => {
        bytes += part.length;
      });
      stream.on('error', () => {});
      stream.on('end', () => {
        stream.respond({ ':status': 200 });
        stream.end('ok');
      });
    });
    const upstream = await listenFor(t, server);
    const { port, folder, capture } = await captureFor(t, { grpc: listenerTo(upstream) });
    const { stdout } = await run('h2load', [
      '-n',
      '1000',
      '-c',
      '5',
      '-m',
      '10',
      '-d',
      '/etc/hostname',
      `http://${LOOPBACK}:${port}/x`,
    ]);
    assert.match(stdout, /1000 succeeded/);
    await capture.close();
    const { records, loss } = await readOpLog(folder);
    assert.equal(loss.recordsDropped, 0);
    assert.equal(records.length, seen);
    assert.equal(
      records.reduce((sum, { body }) => sum + body.length, 0),
      bytes,
    );
    assert.equal(new Set(records.map(({ session }) => session)).size, 5);
  });
});

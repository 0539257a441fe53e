import assert from 'node:assert/strict';
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { test } from 'node:test';
import type { FailureCode } from '../../src/replay/ports.ts';
import { createRealClock } from '../../src/replay/real-clock.ts';
import { createGrpcTransport } from '../../src/transports/grpc-transport.ts';
import { makeRecord } from '../support/replay-harness.ts';
import { startScriptedHttp2Server } from '../support/scripted-http2-server.ts';
import { startScriptedServer } from '../support/scripted-server.ts';
import { sendAndWatch } from '../support/send-and-watch.ts';

const GRPC = { ':status': 200, 'content-type': 'application/grpc' };
const MESSAGE = Buffer.from([0, 0, 0, 0, 2, 104, 105]);

function grpcRecord(): ReturnType<typeof makeRecord> {
  return makeRecord(0, { protocol: 'grpc', method: 'POST', path: '/t.S/M', body: Buffer.from('x') });
}

function answerWell(
  stream: ServerHttp2Stream,
  trailers: Record<string, string> = { 'grpc-status': '0' },
): void {
  stream.respond(GRPC, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(MESSAGE);
}

type Act = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

const ENDINGS: [what: string, act: Act, failure: FailureCode | undefined, status?: number][] = [
  ['a good answer', (stream) => answerWell(stream), undefined, 0],
  [
    'trailers only',
    (stream) => stream.respond({ ...GRPC, 'grpc-status': '5', 'grpc-message': 'no' }, { endStream: true }),
    undefined,
    5,
  ],
  [
    'an answer, then an error',
    (stream) => answerWell(stream, { 'grpc-status': '13', 'grpc-message': 'oh' }),
    undefined,
    13,
  ],
  [
    'a status that is not in the book',
    (stream) => answerWell(stream, { 'grpc-status': '77' }),
    undefined,
    77,
  ],
  [
    'RST_STREAM INTERNAL_ERROR',
    (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
    'connection_reset',
  ],
  ['RST_STREAM CANCEL', (stream) => stream.close(constants.NGHTTP2_CANCEL), 'connection_reset'],
  [
    'RST_STREAM REFUSED_STREAM',
    (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM),
    'connection_reset',
  ],
  [
    'RST_STREAM ENHANCE_YOUR_CALM',
    (stream) => stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM),
    'connection_reset',
  ],
  [
    'a message and no status',
    (stream) => {
      stream.respond(GRPC);
      stream.end(MESSAGE);
    },
    'connection_closed',
  ],
  ['HTTP 404', (stream) => stream.respond({ ':status': 404 }, { endStream: true }), 'bad_response'],
  ['HTTP 503', (stream) => stream.respond({ ':status': 503 }, { endStream: true }), 'bad_response'],
  ['HTTP 401', (stream) => stream.respond({ ':status': 401 }, { endStream: true }), 'bad_response'],
  [
    'a page',
    (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'text/html' });
      stream.end('<p>hello</p>');
    },
    'connection_closed',
  ],
  [
    'a compressed message that is none',
    (stream) => {
      stream.respond({ ...GRPC, 'grpc-encoding': 'gzip' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.from([1, 0, 0, 0, 2, 104, 105]));
    },
    'bad_response',
  ],
  [
    'half a message, then the connection gone',
    (stream) => {
      stream.respond(GRPC);
      stream.write(MESSAGE.subarray(0, 6));
      setTimeout(() => stream.session?.destroy(), 30);
    },
    'connection_closed',
  ],
  [
    'GOAWAY, and then the answer',
    (stream) => {
      stream.session?.goaway(0);
      answerWell(stream);
    },
    undefined,
    0,
  ],
  [
    'GOAWAY with an error',
    (stream) => stream.session?.destroy(undefined, constants.NGHTTP2_PROTOCOL_ERROR),
    'connection_closed',
  ],
];

for (const [what, act, failure, status] of ENDINGS) {
  test(`grpc: ${what} is ${failure ?? `status ${status}`}, once, and the next call is not harmed`, async () => {
    let streams = 0;
    const server = await startScriptedHttp2Server((stream, headers) => {
      streams += 1;
      if (streams === 1) act(stream, headers);
      else answerWell(stream);
    });
    const transport = createGrpcTransport({ target: server.target, clock: createRealClock() });
    try {
      await transport.warmUp();
      const outcome = await sendAndWatch(transport, grpcRecord()).done;
      assert.equal(outcome.failure, failure, `${outcome.status} ${outcome.detail}`);
      assert.equal(outcome.status, status);
      assert.equal(outcome.ok, status === 0);
      assert.equal(streams, 1, 'not tried again');
      const next = await sendAndWatch(transport, grpcRecord()).done;
      assert.equal(next.status, 0, next.detail);
    } finally {
      await transport.close();
      await server.close();
    }
  });
}

test('grpc: connections reset in the middle fail their calls, and later calls connect again', async () => {
  const server = await startScriptedHttp2Server((stream, headers) => {
    if (headers[':path'] === '/t.S/M') answerWell(stream);
  });
  const transport = createGrpcTransport({ target: server.target, clock: createRealClock() });
  await transport.warmUp();
  const hung = [1, 2, 3].map(() => sendAndWatch(transport, { ...grpcRecord(), path: '/t.S/Hang' }));
  await Promise.all(hung.map((each) => each.sent));
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (const socket of server.sockets) socket.resetAndDestroy();
  for (const { done } of hung) {
    assert.match((await done).failure ?? '', /^connection_(reset|closed)$/);
  }
  let next = await sendAndWatch(transport, grpcRecord()).done;
  // A call may meet the connection before the transport has made a new one; it fails and is counted.
  for (let tries = 0; next.status !== 0 && tries < 100; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    next = await sendAndWatch(transport, grpcRecord()).done;
  }
  assert.equal(next.status, 0);
  await transport.close();
  await server.close();
});

for (const [what, bytes] of [
  ['an HTTP/1.1 server', 'HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n'],
  ['garbage', '\x00\x01\x02 what is this, and what is it for?'.repeat(10)],
] as const) {
  test(`grpc: ${what} instead of HTTP/2 fails the call and never hangs`, async () => {
    const server = await startScriptedServer((socket) => socket.end(bytes, 'latin1'));
    const transport = createGrpcTransport({ target: `127.0.0.1:${server.port}`, clock: createRealClock() });
    const outcome = await sendAndWatch(transport, grpcRecord()).done;
    assert.match(
      outcome.failure ?? '',
      /^(connect_failed|connection_closed|connection_reset)$/,
      outcome.detail,
    );
    await transport.close();
    await server.close();
  });
}

test('grpc: a server that speaks TLS when cleartext was asked for, or the other way round, fails', async () => {
  const server = await startScriptedServer((socket) => socket.end('\x15\x03\x01\x00\x02\x02\x28', 'latin1'));
  for (const tls of [undefined, { insecure: true }]) {
    const transport = createGrpcTransport({
      target: `127.0.0.1:${server.port}`,
      clock: createRealClock(),
      tls,
    });
    const outcome = await sendAndWatch(transport, grpcRecord()).done;
    assert.ok(
      ['connect_failed', 'tls', 'connection_closed', 'connection_reset'].includes(outcome.failure ?? ''),
      outcome.detail,
    );
    await transport.close();
  }
  await server.close();
});

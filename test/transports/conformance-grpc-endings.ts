import assert from 'node:assert/strict';
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { test } from 'node:test';
import { createRealClock } from '../../src/replay/clock/real-clock.ts';
import type { FailureCode } from '../../src/replay/ports.ts';
import { FRAME, SETTING } from '../../src/wire/http2/frames.ts';
import { startScriptedHttp2Server } from '../support/scripted-http2-server.ts';
import { startScriptedServer } from '../support/scripted-server.ts';
import { sendAndWatch, until } from '../support/send-and-watch.ts';
import { goodAnswer, startPeer } from './conformance-grpc-peer.ts';
import { type GrpcSubject, grpcCall } from './conformance-grpc-support.ts';

const GRPC = { ':status': 200, 'content-type': 'application/grpc' };
const MESSAGE = Buffer.from([0, 0, 0, 0, 2, 104, 105]);

function answerWell(
  stream: ServerHttp2Stream,
  trailers: Record<string, string> = { 'grpc-status': '0' },
): void {
  stream.respond(GRPC, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(MESSAGE);
}

function trailersOnly(trailers: Record<string, string>): Act {
  return (stream) => stream.respond({ ...GRPC, ...trailers }, { endStream: true });
}

function page(status: number, type = 'text/html'): Act {
  return (stream) => {
    stream.respond({ ':status': status, 'content-type': type });
    stream.end('<p>hello</p>');
  };
}

function withReset(code: number): Act {
  return (stream) => stream.close(code);
}

/** Messages as these bytes, and an ending that says all is well. */
function withBytes(bytes: number[], headers: Record<string, string> = {}): Act {
  return (stream) => {
    stream.respond({ ...GRPC, ...headers }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.from(bytes));
  };
}

type Act = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;
/** A status the server said, or why there is none. */
type End = number | FailureCode;

interface Ending {
  what: string;
  act: Act;
  end: End;
  /** Where a transport's end is another, and may be. */
  but?: { [name in GrpcSubject['name']]?: End };
}

const ENDINGS: readonly Ending[] = [
  { what: 'a good answer', act: (stream) => answerWell(stream), end: 0 },
  { what: 'trailers only', act: trailersOnly({ 'grpc-status': '5', 'grpc-message': 'no' }), end: 5 },
  { what: 'trailers only with 0', act: trailersOnly({ 'grpc-status': '0' }), end: 0 },
  {
    what: 'an answer, then an error',
    act: (stream) => answerWell(stream, { 'grpc-status': '13', 'grpc-message': 'oh' }),
    end: 13,
  },
  {
    what: 'a message that is badly percent-encoded',
    act: trailersOnly({ 'grpc-status': '3', 'grpc-message': '50%' }),
    end: 3,
  },
  {
    what: 'a status that is not in the book',
    act: (stream) => answerWell(stream, { 'grpc-status': '77' }),
    end: 77,
  },
  {
    what: 'an early hint, then the answer',
    act: (stream) => {
      stream.additionalHeaders({ ':status': 103, link: '</x>' });
      answerWell(stream);
    },
    end: 0,
  },
  {
    what: 'RST_STREAM INTERNAL_ERROR',
    act: withReset(constants.NGHTTP2_INTERNAL_ERROR),
    end: 'connection_reset',
  },
  { what: 'RST_STREAM CANCEL', act: withReset(constants.NGHTTP2_CANCEL), end: 'connection_reset' },
  {
    what: 'RST_STREAM REFUSED_STREAM',
    act: withReset(constants.NGHTTP2_REFUSED_STREAM),
    end: 'connection_reset',
  },
  {
    what: 'RST_STREAM ENHANCE_YOUR_CALM',
    act: withReset(constants.NGHTTP2_ENHANCE_YOUR_CALM),
    end: 'connection_reset',
  },
  {
    what: 'a message and no status',
    act: (stream) => {
      stream.respond(GRPC);
      stream.end(MESSAGE);
    },
    end: 'connection_closed',
  },
  {
    what: 'HTTP 404',
    act: (stream) => stream.respond({ ':status': 404 }, { endStream: true }),
    end: 'bad_response',
  },
  {
    what: 'HTTP 503',
    act: (stream) => stream.respond({ ':status': 503 }, { endStream: true }),
    end: 'bad_response',
  },
  {
    what: 'HTTP 401',
    act: (stream) => stream.respond({ ':status': 401 }, { endStream: true }),
    end: 'bad_response',
  },
  { what: 'HTTP 502 with a page', act: page(502), end: 'bad_response' },
  // grpc-js looks at the content type of no answer; the page is to it one that breaks off.
  {
    what: 'HTTP 200 with a page',
    act: page(200),
    end: 'bad_response',
    but: { 'grpc-js': 'connection_closed' },
  },
  // What came compressed is counted, not unpacked, by the wire transport.
  {
    what: 'a compressed message that is none',
    act: withBytes([1, 0, 0, 0, 2, 104, 105], { 'grpc-encoding': 'gzip' }),
    end: 'bad_response',
    but: { wire: 0 },
  },
  {
    what: 'a compressed message without an encoding',
    act: withBytes([1, 0, 0, 0, 2, 104, 105]),
    end: 'bad_response',
  },
  {
    what: 'half a message, then the connection gone',
    act: (stream) => {
      stream.respond(GRPC);
      stream.write(MESSAGE.subarray(0, 6));
      setTimeout(() => stream.session?.destroy(), 30);
    },
    end: 'connection_closed',
  },
  {
    what: 'GOAWAY, and then the answer',
    act: (stream) => {
      stream.session?.goaway(0);
      answerWell(stream);
    },
    end: 0,
  },
  {
    what: 'GOAWAY with an error',
    act: (stream) => stream.session?.destroy(undefined, constants.NGHTTP2_PROTOCOL_ERROR),
    end: 'connection_closed',
  },
  {
    what: 'a ping, new settings and then the answer',
    act: (stream) => {
      stream.session?.settings({ initialWindowSize: 1 << 20, maxFrameSize: 1 << 20 });
      stream.session?.ping(() => answerWell(stream));
    },
    end: 0,
  },
];

/** How calls end at servers that misbehave, or are merely unusual. */
export function testGrpcEndings(subject: GrpcSubject): void {
  for (const ending of ENDINGS) testEnding(subject, ending);
  testReset(subject);
  testOneAtATime(subject);
  testNoHttp2(subject);
}

function testEnding(subject: GrpcSubject, { what, act, end: usual, but }: Ending): void {
  const end = but?.[subject.name] ?? usual;
  test(`${subject.name}: ${what} is ${end}, once, and the next call is not harmed`, async () => {
    let streams = 0;
    const server = await startScriptedHttp2Server((stream, headers) => {
      streams += 1;
      if (streams === 1) act(stream, headers);
      else answerWell(stream);
    });
    const transport = subject.create({ target: server.target, clock: createRealClock() });
    try {
      await transport.warmUp();
      const { failure, status, ok, detail } = await sendAndWatch(
        transport,
        grpcCall('M', { body: Buffer.from('x') }),
      ).done;
      assert.equal(failure ?? status, end, detail);
      if (failure !== undefined) assert.equal(status, undefined, 'a status is what the server said');
      assert.equal(ok, end === 0);
      assert.equal(detail === '', end === 0 || end === 77, detail);
      assert.equal(streams, 1, 'not tried again');
      const next = await sendAndWatch(transport, grpcCall('M')).done;
      assert.equal(next.status, 0, next.detail);
    } finally {
      await transport.close();
      await server.close();
    }
  });
}

function testReset(subject: GrpcSubject): void {
  test(`${subject.name}: connections reset in the middle fail their calls, and later calls connect again`, async () => {
    let hanging = 0;
    const server = await startScriptedHttp2Server((stream, headers) => {
      if (headers[':path'] === '/t.S/M') answerWell(stream);
      else hanging += 1;
    });
    const transport = subject.create({ target: server.target, clock: createRealClock() });
    await transport.warmUp();
    const hung = [1, 2, 3].map(() => sendAndWatch(transport, grpcCall('Hang')));
    await until(() => hanging === 3, 'the calls arrive');
    for (const socket of server.sockets) socket.resetAndDestroy();
    for (const { done } of hung) assert.match((await done).failure ?? '', /^connection_(reset|closed)$/);
    let next = await sendAndWatch(transport, grpcCall('M')).done;
    // A call may meet the connection before the transport has made a new one; it fails and is counted.
    for (let tries = 0; next.status !== 0 && tries < 100; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      next = await sendAndWatch(transport, grpcCall('M')).done;
    }
    assert.equal(next.status, 0);
    await transport.close();
    await server.close();
  });
}

function testOneAtATime(subject: GrpcSubject): void {
  test(`${subject.name}: where a server takes one call at a time, what counts as sent is what it saw`, async (t) => {
    let streams = 0;
    let most = 0;
    const open = new Set<string>();
    // By hand: Node's own server refuses a next call that comes while it still tidies up behind the last one.
    const server = await startPeer(
      (peer, { type, streamId }) => {
        const call = `${peer.number} ${streamId}`;
        if (type === FRAME.reset) open.delete(call);
        if (type !== FRAME.headers) return;
        streams += 1;
        most = Math.max(most, [...open.add(call)].filter((one) => one.startsWith(`${peer.number} `)).length);
        setTimeout(() => open.delete(call) && peer.send(...goodAnswer(streamId)), 30);
      },
      [[SETTING.maxConcurrentStreams, 1]],
    );
    const transport = subject.create({ target: server.target, clock: createRealClock() });
    t.after(async () => {
      await transport.close();
      await server.close();
    });
    await transport.warmUp();
    const message = {
      fromServer: false,
      offsetNs: 0,
      data: Buffer.from('x'),
      sizeBytes: 1,
      compressed: false,
    };
    const stream = { messages: [message], halfCloseNs: undefined, cancelNs: 3e6 };
    const watched = Array.from({ length: 24 }, (_, at) =>
      sendAndWatch(transport, grpcCall('M', at % 2 === 0 ? {} : { stream })),
    );
    for (const { done, calls } of watched) {
      const { ok, detail } = await done;
      assert.equal(ok, true, detail);
      assert.equal(calls[0], 'sent');
    }
    await until(() => streams === 24, 'the server saw every call');
    assert.equal(most, 1, 'at a time on a connection');
  });

  test(`${subject.name}: a call that is given up before it could leave was never sent`, async (t) => {
    let streams = 0;
    const server = await startScriptedHttp2Server(
      () => {
        streams += 1;
      },
      { maxConcurrentStreams: 1 },
    );
    const transport = subject.create({ target: server.target, clock: createRealClock(), channels: 1 });
    t.after(async () => {
      await transport.close();
      await server.close();
    });
    await transport.warmUp();
    const watched = Array.from({ length: 80 }, () => sendAndWatch(transport, grpcCall('M')));
    await watched[0]?.sent;
    // Nobody answers, so beyond the connections a transport may open nothing more can leave.
    const last = watched.at(-1);
    last?.cancel();
    const outcome = await last?.done;
    assert.deepEqual([outcome?.ok, outcome?.failure, last?.calls], [false, 'cancelled', ['done']]);
    assert.match(outcome?.detail ?? '', /^it was never sent/);
    const sent = watched.filter(({ calls }) => calls.includes('sent')).length;
    await until(() => streams >= sent, 'the server saw what counts as sent');
    await transport.close();
    for (const { done } of watched) assert.equal((await done).failure, 'cancelled');
  });
}

const NO_HTTP2: readonly [what: string, bytes: string][] = [
  ['an HTTP/1.1 server', 'HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n'],
  ['garbage', '\x00\x01\x02 what is this, and what is it for?'.repeat(10)],
  ['a TLS server', '\x15\x03\x01\x00\x02\x02\x28'],
  ['a connection closed at once', ''],
];

function testNoHttp2(subject: GrpcSubject): void {
  for (const [what, bytes] of NO_HTTP2) {
    for (const tls of [undefined, { insecure: true }]) {
      const how = tls === undefined ? 'HTTP/2' : 'TLS';
      test(`${subject.name}: ${what} instead of ${how} fails the call and never hangs`, async () => {
        const server = await startScriptedServer((socket) => socket.end(bytes, 'latin1'));
        const target = `127.0.0.1:${server.port}`;
        const transport = subject.create({ target, clock: createRealClock(), tls });
        const { failure, detail } = await sendAndWatch(transport, grpcCall('M')).done;
        assert.match(failure ?? '', /^(connect_failed|tls|connection_closed|connection_reset)$/, detail);
        await transport.close();
        await server.close();
      });
    }
  }
}

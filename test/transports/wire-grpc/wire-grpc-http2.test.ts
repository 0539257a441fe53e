import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRealClock } from '../../../src/replay/clock/real-clock.ts';
import type { FailureCode, Transport } from '../../../src/replay/ports.ts';
import { headerBlock } from '../../../src/transports/wire-grpc/header-block.ts';
import {
  createWireGrpcTransport,
  type WireTuning,
} from '../../../src/transports/wire-grpc/wire-grpc-transport.ts';
import { FLAG, FRAME, frameOf, SETTING, uint32 } from '../../../src/wire/http2/frames.ts';
import { closing } from '../../support/closing.ts';
import { sendAndWatch, until, type Watched } from '../../support/send-and-watch.ts';
import {
  endsRequest,
  goodAnswer,
  HEAD,
  headersOf,
  messageOf,
  OK_TRAILERS,
  type Peer,
  type PeerFrame,
  settingsFrame,
  startPeer,
} from '../conformance-grpc-peer.ts';
import { grpcCall, sent } from '../conformance-grpc-support.ts';

function create(target: string, tuning: Partial<WireTuning> = {}, channels = 1): Transport {
  return closing(createWireGrpcTransport({ target, clock: createRealClock(), channels }, tuning));
}

/** Its servers end with the test, whatever comes of it. */
async function startClosingPeer(...args: Parameters<typeof startPeer>): ReturnType<typeof startPeer> {
  return closing(await startPeer(...args));
}

function goAway(lastStreamId: number, code = 0, text = ''): Buffer {
  return frameOf(FRAME.goAway, 0, 0, Buffer.concat([uint32(lastStreamId), uint32(code), Buffer.from(text)]));
}

/** A block that is never valid: the dynamic table is empty. */
const NO_SUCH_INDEX = Buffer.from([0xff, 0x80, 0x7f]);
const answerHead = headerBlock(HEAD);
const answerEnd = headerBlock(OK_TRAILERS);

/** A header block of as many bytes, in as many frames as that takes. */
function hugeHeaders(id: number, bytes: number): Buffer[] {
  const block = headerBlock([
    ...HEAD,
    ...Array.from({ length: bytes / 1000 }, (_, at) => [`x-${at}`, 'v'.repeat(990)]).flat(),
  ]);
  const frames: Buffer[] = [];
  for (let at = 0; at < block.length; at += 16_000) {
    const flags = at + 16_000 >= block.length ? FLAG.endHeaders : 0;
    frames.push(
      frameOf(at === 0 ? FRAME.headers : FRAME.continuation, flags, id, block.subarray(at, at + 16_000)),
    );
  }
  return frames;
}

type Act = (id: number, peer: Peer) => Uint8Array[];
type End = number | FailureCode;

/** What a server answers a call with; `kept`: the connection lives on. */
const ANSWERS: readonly [what: string, act: Act, end: End, life: 'kept' | 'dropped'][] = [
  ['a good answer', (id) => goodAnswer(id), 0, 'kept'],
  [
    'padding, priorities and frames of types unknown',
    (id) => [
      frameOf(0x42, 0xff, 0, Buffer.alloc(100)),
      frameOf(
        FRAME.headers,
        FLAG.endHeaders | FLAG.padded | FLAG.priority,
        id,
        Buffer.concat([Buffer.from([3, 0, 0, 0, 0, 9]), answerHead, Buffer.alloc(3)]),
      ),
      frameOf(FRAME.priority, 0, id, Buffer.alloc(5)),
      frameOf(
        FRAME.data,
        FLAG.padded,
        id,
        Buffer.concat([Buffer.from([7]), messageOf('hi'), Buffer.alloc(7)]),
      ),
      frameOf(FRAME.data, FLAG.padded, id, Buffer.from([0])),
      frameOf(0x43, 0, id, Buffer.alloc(0)),
      frameOf(FRAME.headers, FLAG.endHeaders | FLAG.endStream, id, answerEnd),
    ],
    0,
    'kept',
  ],
  [
    'headers in pieces',
    (id) => [
      frameOf(FRAME.headers, 0, id, answerHead.subarray(0, 3)),
      frameOf(FRAME.continuation, 0, id, Buffer.alloc(0)),
      frameOf(FRAME.continuation, FLAG.endHeaders, id, answerHead.subarray(3)),
      frameOf(FRAME.data, 0, id, messageOf('hi')),
      frameOf(FRAME.headers, FLAG.endStream, id, answerEnd.subarray(0, 5)),
      frameOf(FRAME.continuation, FLAG.endHeaders, id, answerEnd.subarray(5)),
    ],
    0,
    'kept',
  ],
  ['100 KB of headers', (id) => [...hugeHeaders(id, 100_000), ...goodAnswer(id).slice(1)], 0, 'kept'],
  ['1 MB of headers', (id) => hugeHeaders(id, 1_000_000), 'bad_response', 'dropped'],
  [
    'a dynamic table, although none was allowed',
    (id) => [
      frameOf(
        FRAME.headers,
        FLAG.endHeaders,
        id,
        Buffer.concat([answerHead, Buffer.from('\x40\x01a\x01b', 'latin1')]),
      ),
      frameOf(
        FRAME.headers,
        FLAG.endHeaders | FLAG.endStream,
        id,
        Buffer.concat([Buffer.from([0xbe]), answerEnd]),
      ),
    ],
    0,
    'kept',
  ],
  ['a message the size of nothing', (id) => goodAnswer(id, ''), 0, 'kept'],
  [
    'HPACK garbage',
    (id) => [frameOf(FRAME.headers, FLAG.endHeaders, id, NO_SUCH_INDEX)],
    'bad_response',
    'dropped',
  ],
  [
    'a frame larger than allowed',
    (id) => [frameOf(FRAME.data, 0, id, Buffer.alloc(20_000))],
    'bad_response',
    'dropped',
  ],
  [
    'RST_STREAM of five bytes',
    (id) => [frameOf(FRAME.reset, 0, id, Buffer.alloc(5))],
    'bad_response',
    'dropped',
  ],
  [
    'SETTINGS of seven bytes',
    () => [frameOf(FRAME.settings, 0, 0, Buffer.alloc(7))],
    'bad_response',
    'dropped',
  ],
  [
    'an acknowledgement with content',
    () => [frameOf(FRAME.settings, FLAG.ack, 0, Buffer.alloc(6))],
    'bad_response',
    'dropped',
  ],
  ['PING of seven bytes', () => [frameOf(FRAME.ping, 0, 0, Buffer.alloc(7))], 'bad_response', 'dropped'],
  ['GOAWAY of four bytes', () => [frameOf(FRAME.goAway, 0, 0, Buffer.alloc(4))], 'bad_response', 'dropped'],
  ['DATA on the connection', () => [frameOf(FRAME.data, 0, 0, Buffer.alloc(4))], 'bad_response', 'dropped'],
  [
    'SETTINGS on a stream',
    (id) => [frameOf(FRAME.settings, 0, id, Buffer.alloc(0))],
    'bad_response',
    'dropped',
  ],
  ['an answer nobody asked for', (id) => goodAnswer(id + 2), 'bad_response', 'dropped'],
  ['a stream of the server’s own', () => goodAnswer(2), 'bad_response', 'dropped'],
  [
    'a pushed stream',
    (id) => [frameOf(FRAME.pushPromise, FLAG.endHeaders, id, Buffer.concat([uint32(2), answerHead]))],
    'bad_response',
    'dropped',
  ],
  [
    'more padding than frame',
    (id) => [frameOf(FRAME.data, FLAG.padded, id, Buffer.from([9, 1, 2]))],
    'bad_response',
    'dropped',
  ],
  [
    'padding without a length',
    (id) => [frameOf(FRAME.headers, FLAG.padded, id, Buffer.alloc(0))],
    'bad_response',
    'dropped',
  ],
  [
    'a header block interrupted',
    (id) => [frameOf(FRAME.headers, 0, id, answerHead), frameOf(FRAME.ping, 0, 0, Buffer.alloc(8))],
    'bad_response',
    'dropped',
  ],
  [
    'a continuation of nothing',
    (id) => [frameOf(FRAME.continuation, FLAG.endHeaders, id, answerHead)],
    'bad_response',
    'dropped',
  ],
  [
    'a window that overflows',
    () => [frameOf(FRAME.windowUpdate, 0, 0, uint32(2 ** 31 - 1))],
    'bad_response',
    'dropped',
  ],
  [
    'a window grown by nothing',
    (id) => [frameOf(FRAME.windowUpdate, 0, id, uint32(0))],
    'bad_response',
    'dropped',
  ],
  [
    'an initial window of 4 GB',
    () => [settingsFrame([[SETTING.initialWindowSize, 2 ** 32 - 1]])],
    'bad_response',
    'dropped',
  ],
  [
    'frames of at most 100 bytes',
    () => [settingsFrame([[SETTING.maxFrameSize, 100]])],
    'bad_response',
    'dropped',
  ],
  [
    'a message before the headers',
    (id) => [frameOf(FRAME.data, 0, id, messageOf('hi'))],
    'bad_response',
    'kept',
  ],
  [
    'a message with the flag 2',
    (id) => [headersOf(id, HEAD), frameOf(FRAME.data, 0, id, Buffer.from([2, 0, 0, 0, 0]))],
    'bad_response',
    'kept',
  ],
  [
    'half a message and a status of 0',
    (id) => [
      headersOf(id, HEAD),
      frameOf(FRAME.data, 0, id, messageOf('hi').subarray(0, 6)),
      headersOf(id, OK_TRAILERS, true),
    ],
    'bad_response',
    'kept',
  ],
  ['three header blocks', (id) => [headersOf(id, HEAD), headersOf(id, HEAD)], 'bad_response', 'kept'],
  ['no HTTP status', (id) => [headersOf(id, ['content-type', 'application/grpc'])], 'bad_response', 'kept'],
  [
    'a status that is no number',
    (id) => [headersOf(id, [...HEAD, 'grpc-status', 'fine'], true)],
    'bad_response',
    'kept',
  ],
  [
    'HTTP 418 and a status of gRPC',
    (id) => [headersOf(id, [':status', '418', 'grpc-status', '7'], true)],
    7,
    'kept',
  ],
  ['RST_STREAM NO_ERROR', (id) => [frameOf(FRAME.reset, 0, id, uint32(0))], 'connection_closed', 'kept'],
  [
    'half an answer and the end',
    (id, peer) => {
      peer.send(headersOf(id, HEAD), frameOf(FRAME.data, 0, id, messageOf('hi').subarray(0, 6)));
      peer.socket.end();
      return [];
    },
    'connection_closed',
    'dropped',
  ],
  [
    'half a frame and the end',
    (id, peer) => {
      peer.send(headersOf(id, HEAD).subarray(0, 12));
      peer.socket.end();
      return [];
    },
    'connection_closed',
    'dropped',
  ],
  ['GOAWAY below the call', (id) => [goAway(id - 1, 11, 'calm down')], 'connection_closed', 'dropped'],
  [
    'GOAWAY in two steps, and the answer',
    (id) => [goAway(2 ** 31 - 1), goAway(id), ...goodAnswer(id)],
    0,
    'dropped',
  ],
];

for (const [what, act, end, life] of ANSWERS) {
  test(`wire: ${what} is ${end}, the connection is ${life}, and the next call is well`, async () => {
    let calls = 0;
    const server = await startClosingPeer((peer, frame) => {
      if (!endsRequest(frame)) return;
      calls += 1;
      peer.send(...(calls === 1 ? act(frame.streamId, peer) : goodAnswer(frame.streamId)));
    });
    const transport = create(server.target);
    await transport.warmUp();
    const { failure, status, ok, detail, responseBytes } = await sendAndWatch(transport, grpcCall('M')).done;
    assert.equal(failure ?? status, end, detail);
    assert.equal(ok, end === 0);
    if (failure !== undefined) assert.ok(detail.length > 10, detail);
    if (ok) assert.equal(responseBytes, what.includes('of nothing') || what.includes('dynamic') ? 0 : 2);
    const next = await sendAndWatch(transport, grpcCall('M')).done;
    assert.equal(next.status, 0, next.detail);
    assert.equal(calls, 2);
    assert.equal(server.peers.length, life === 'kept' ? 1 : 2);
  });
}

test('wire: an answer byte by byte is the same answer', async () => {
  const server = await startClosingPeer(async (peer, frame) => {
    if (!endsRequest(frame)) return;
    for (const byte of Buffer.concat(goodAnswer(frame.streamId))) {
      peer.send(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  const transport = create(server.target);
  const watched = sendAndWatch(transport, grpcCall('M'));
  assert.deepEqual([(await watched.done).responseBytes, watched.calls], [2, ['sent', 'first', 'done']]);
});

test('wire: pings are answered with what they brought, settings are acknowledged, equal calls are equal bytes', async () => {
  const server = await startClosingPeer((peer, frame) => {
    if (!endsRequest(frame)) return;
    peer.send(
      frameOf(FRAME.ping, 0, 0, Buffer.from('12345678')),
      settingsFrame([]),
      ...goodAnswer(frame.streamId),
    );
  });
  const transport = create(server.target);
  for (let round = 0; round < 3; round += 1) {
    const record = grpcCall('M', { headers: ['x-a', 'b'], body: Buffer.from('abc') });
    assert.equal((await sendAndWatch(transport, record).done).ok, true);
  }
  const frames = server.peers[0]?.frames ?? [];
  const of = (type: number): PeerFrame[] => frames.filter((frame) => frame.type === type);
  await until(() => of(FRAME.ping).length === 3, 'the pings are answered');
  assert.ok(
    of(FRAME.ping).every(
      ({ flags, payload }) => flags === FLAG.ack && payload.equals(Buffer.from('12345678')),
    ),
  );
  assert.equal(of(FRAME.settings).filter(({ flags }) => flags === FLAG.ack).length, 4);
  assert.deepEqual(
    of(FRAME.headers).map(({ streamId }) => streamId),
    [1, 3, 5],
  );
  assert.ok(
    of(FRAME.headers).every(({ payload }) => payload.equals(of(FRAME.headers)[0]?.payload as Buffer)),
  );
});

test('wire: no more calls at a time than the server allows: more connections, then waiting, unsent', async () => {
  const held: [Peer, number][] = [];
  const server = await startClosingPeer(
    (peer, frame) => {
      if (endsRequest(frame)) held.push([peer, frame.streamId]);
    },
    [[SETTING.maxConcurrentStreams, 3]],
  );
  const transport = create(server.target, { maxConnections: 2 });
  await transport.warmUp();
  const all = Array.from({ length: 10 }, () => sendAndWatch(transport, grpcCall('M')));
  await until(() => held.length === 6, 'two connections are full');
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(held.length, 6);
  assert.equal(all.filter(({ calls }) => calls.includes('sent')).length, 6);
  all[9]?.cancel();
  assert.equal((await all[9]?.done)?.failure, 'cancelled');
  assert.deepEqual(all[9]?.calls, ['done']);
  for (let answered = 0; answered < 9; answered += 1) {
    await until(() => held.length > answered, 'the next comes');
    const [peer, id] = held[answered] as [Peer, number];
    peer.send(...goodAnswer(id));
  }
  for (const { done } of all.slice(0, 9)) assert.equal((await done).ok, true);
  assert.equal(server.peers.length, 2);
});

test('wire: GOAWAY fails what the server did not take, lets the rest end, and another connection follows', async () => {
  const held: [Peer, number][] = [];
  const server = await startClosingPeer((peer, frame) => {
    if (!endsRequest(frame)) return;
    held.push([peer, frame.streamId]);
    if (peer.number > 0) peer.send(...goodAnswer(frame.streamId));
    else if (held.length === 4) peer.send(goAway(3));
  });
  const transport = create(server.target);
  await transport.warmUp();
  const all = Array.from({ length: 4 }, () => sendAndWatch(transport, grpcCall('M')));
  for (const { done } of all.slice(2)) assert.equal((await done).failure, 'connection_closed');
  assert.equal((await sendAndWatch(transport, grpcCall('M')).done).ok, true, 'on the second connection');
  assert.deepEqual(
    all.slice(0, 2).map(({ calls }) => calls),
    [['sent'], ['sent']],
  );
  for (const [peer, id] of held.slice(0, 2)) peer.send(...goodAnswer(id));
  for (const { done } of all.slice(0, 2)) assert.equal((await done).ok, true);
  await until(() => server.peers[0]?.socket.destroyed === true, 'the first connection is closed');
  assert.equal(server.peers.length, 2);
});

test('wire: a call that is on its way when GOAWAY comes was sent, as the server sees', async () => {
  const server = await startClosingPeer((peer, frame) => {
    if (!endsRequest(frame)) return;
    const { streamId } = frame;
    if (streamId === 1) peer.send(...goodAnswer(streamId), goAway(streamId));
  });
  const transport = create(server.target);
  await transport.warmUp();
  const second = new Promise<Watched>((resolve) => {
    // The answer and GOAWAY come in one piece; between them the next call begins.
    const onDone = (): void => resolve(sendAndWatch(transport, grpcCall('M')));
    transport.send(grpcCall('M'), 1, { onSent() {}, onFirstAnswer() {}, onDone });
  });
  const { calls, done } = await second;
  const { failure, detail } = await done;
  assert.deepEqual([failure, calls], ['keepalive_closed', ['sent', 'done']], detail);
  const arrived = (): boolean => server.peers[0]?.frames.some(({ streamId }) => streamId === 3) === true;
  await until(arrived, 'the server sees it');
});

test('wire: the end of an idle connection as it is used again is told from any other', async () => {
  const FIRST = 1;
  const ways: [string, (peer: Peer, id: number) => void, string][] = [
    ['FIN', ({ socket }) => void socket.end(), 'keepalive_closed'],
    ['RST', ({ socket }) => void socket.resetAndDestroy(), 'keepalive_closed'],
    ['GOAWAY', (peer, id) => peer.send(goAway(id - 2)), 'keepalive_closed'],
    ['GOAWAY with an error', (peer, id) => peer.send(goAway(id - 2, 11)), 'connection_closed'],
    [
      'an answer that has begun',
      (peer, id) => {
        peer.send(headersOf(id, HEAD));
        peer.socket.end();
      },
      'connection_closed',
    ],
  ];
  for (const [what, act, expected] of ways) {
    const server = await startClosingPeer((peer, frame) => {
      if (!endsRequest(frame)) return;
      if (frame.streamId === FIRST) peer.send(...goodAnswer(frame.streamId));
      else act(peer, frame.streamId);
    });
    const transport = createWireGrpcTransport({
      target: server.target,
      clock: createRealClock(),
      channels: 1,
    });
    assert.equal((await sendAndWatch(transport, grpcCall('M')).done).ok, true);
    const { failure, detail } = await sendAndWatch(transport, grpcCall('M')).done;
    assert.equal(failure, expected, `${what}: ${detail}`);
    await transport.close();
  }
});

test('wire: when its stream numbers run out a connection is replaced', async () => {
  const server = await startClosingPeer((peer, frame) => {
    if (endsRequest(frame)) peer.send(...goodAnswer(frame.streamId));
  });
  const transport = create(server.target, { lastStreamId: 7 });
  const all = Array.from({ length: 21 }, () => sendAndWatch(transport, grpcCall('M')));
  for (const { done } of all) assert.equal((await done).ok, true);
  const ids = server.peers.map(({ frames }) => frames.filter(endsRequest).map(({ streamId }) => streamId));
  assert.equal(ids.flat().length, 21);
  assert.ok(ids.flat().every((id) => id <= 7));
  assert.ok(server.peers.length >= 6);
});

test('wire: a server that answers early and resets without an error has answered', async () => {
  const server = await startClosingPeer((peer, frame) => {
    if (frame.type !== FRAME.headers) return;
    peer.send(
      headersOf(frame.streamId, [...HEAD, 'grpc-status', '8'], true),
      frameOf(FRAME.reset, 0, frame.streamId, uint32(0)),
    );
  });
  const transport = create(server.target);
  const stream = { messages: [sent('a', 0), sent('b', 3600e9)], halfCloseNs: 3600e9, cancelNs: undefined };
  for (const record of [grpcCall('M', { stream }), grpcCall('M', { body: Buffer.alloc(500_000) })]) {
    assert.equal((await sendAndWatch(transport, record).done).status, 8);
  }
  await until(
    () => server.peers[0]?.frames.filter(({ type }) => type === FRAME.reset).length === 2,
    'the server hears that no more comes',
  );
});

test('wire: a server that accepts and says nothing is given up, and so are the calls that wait for it', async () => {
  const server = await startClosingPeer(() => {}, null);
  const transport = create(server.target, { handshakeNs: 100e6 });
  const [waiting, given] = [sendAndWatch(transport, grpcCall('M')), sendAndWatch(transport, grpcCall('M'))];
  given.cancel();
  const { failure, detail } = await given.done;
  assert.deepEqual([failure, detail], ['cancelled', 'it was never sent: no connection was open yet']);
  assert.equal((await waiting.done).failure, 'connect_failed');
  const timed = sendAndWatch(transport, grpcCall('M', { deadlineNs: 20e6 }));
  assert.match((await timed.done).failure ?? '', /^(timeout|connect_failed)$/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRealClock } from '../../../src/replay/clock/real-clock.ts';
import type { Transport } from '../../../src/replay/ports.ts';
import { createWireGrpcTransport } from '../../../src/transports/wire-grpc/wire-grpc-transport.ts';
import { FLAG, FRAME, frameOf, SETTING, uint32 } from '../../../src/wire/http2/frames.ts';
import { closing } from '../../support/closing.ts';
import fc from '../../support/fast-check.ts';
import { sendAndWatch, until } from '../../support/send-and-watch.ts';
import {
  endsRequest,
  goodAnswer,
  HEAD,
  headersOf,
  OK_TRAILERS,
  type Peer,
  type PeerFrame,
  settingsFrame,
  startPeer,
} from '../conformance-grpc-peer.ts';
import { grpcCall, sent } from '../conformance-grpc-support.ts';

/** Messages of requests as they came. */
class Receiver {
  readonly ended: number[] = [];
  readonly #parts = new Map<number, Buffer[]>();

  take({ type, flags, streamId, payload }: PeerFrame): void {
    if (type !== FRAME.data) return;
    const parts = this.#parts.get(streamId) ?? [];
    parts.push(payload);
    this.#parts.set(streamId, parts);
    if ((flags & FLAG.endStream) !== 0) this.ended.push(streamId);
  }

  body(streamId: number): Buffer {
    return Buffer.concat(this.#parts.get(streamId) ?? []);
  }
}

/** Both end with the test, whatever comes of it. */
async function startClosingPeer(...args: Parameters<typeof startPeer>): ReturnType<typeof startPeer> {
  return closing(await startPeer(...args));
}

function closingTransport(...args: Parameters<typeof createWireGrpcTransport>): Transport {
  return closing(createWireGrpcTransport(...args));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function windowUpdate(streamId: number, increment: number): Buffer {
  return frameOf(FRAME.windowUpdate, 0, streamId, uint32(increment));
}

test('wire: whatever windows a server grants, none is ever exceeded and every message comes whole', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 120_000 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 0, max: 70_000 }),
      fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 8 }),
      async (sizes, initial, grants) => {
        // Few bytes at a time are fine, but not for megabytes: each step is a round trip.
        fc.pre((sum(sizes) / sum(grants)) * grants.length < 2000);
        let connection = 65_535;
        const streams = new Map<number, number>();
        const receiver = new Receiver();
        let grant = 0;
        const nextGrant = (): number => grants[grant++ % grants.length] as number;
        const server = await startClosingPeer(
          (peer, frame) => {
            const { type, streamId, payload } = frame;
            if (type === FRAME.headers) {
              streams.set(streamId, initial);
              if (initial <= 0) grantStream(peer, streamId);
            }
            if (type !== FRAME.data) return;
            connection -= payload.length;
            streams.set(streamId, (streams.get(streamId) ?? 0) - payload.length);
            receiver.take(frame);
            if (endsRequest(frame)) peer.send(...goodAnswer(streamId));
            if (connection <= 0) {
              const increment = nextGrant();
              connection += increment;
              peer.send(windowUpdate(0, increment));
            }
            if ((streams.get(streamId) ?? 0) <= 0) grantStream(peer, streamId);
          },
          [[SETTING.initialWindowSize, initial]],
        );
        const grantStream = (peer: Peer, streamId: number): void => {
          const increment = nextGrant();
          streams.set(streamId, (streams.get(streamId) ?? 0) + increment);
          peer.send(windowUpdate(streamId, increment));
        };
        const transport = closingTransport({
          target: server.target,
          clock: createRealClock(),
          channels: 1,
        });
        const bodies = sizes.map((size, at) => Buffer.alloc(size, at + 1));
        const all = bodies.map((body) => sendAndWatch(transport, grpcCall('M', { body })));
        let least = 0;
        const watch = setInterval(() => {
          least = Math.min(least, connection, ...streams.values());
        }, 1);
        for (const { done } of all) assert.equal((await done).ok, true);
        clearInterval(watch);
        assert.ok(connection >= 0 && least >= 0 && [...streams.values()].every((left) => left >= 0));
        const got = bodies.map((_, at) => receiver.body(2 * at + 1));
        assert.deepEqual(
          got.map((bytes) => bytes.subarray(5)),
          bodies,
        );
        await transport.close();
        await server.close();
      },
    ),
    { numRuns: 15 },
  );
});

test('wire: SETTINGS take granted bytes back, below zero, and sending goes on when there are some again', async () => {
  const receiver = new Receiver();
  let peer: Peer | undefined;
  const server = await startClosingPeer(
    (one, frame) => {
      peer = one;
      receiver.take(frame);
    },
    [[SETTING.initialWindowSize, 1000]],
  );
  const transport = closingTransport({ target: server.target, clock: createRealClock(), channels: 1 });
  const body = Buffer.from(Array.from({ length: 3000 }, (_, at) => at % 251));
  const watched = sendAndWatch(transport, grpcCall('M', { body }));
  const got = (): number => receiver.body(1).length;
  await until(() => got() === 1000, 'the first window is used');
  // Now -500: of 600 more, 100 can go.
  peer?.send(settingsFrame([[SETTING.initialWindowSize, 500]]), windowUpdate(1, 600));
  await until(() => got() === 1100, 'what is above zero is used');
  peer?.send(settingsFrame([[SETTING.initialWindowSize, 0]]), windowUpdate(1, 500));
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(got(), 1100);
  peer?.send(windowUpdate(1, 1), settingsFrame([[SETTING.initialWindowSize, 4000]]));
  await until(() => receiver.ended.length === 1, 'all has come');
  assert.ok(receiver.body(1).subarray(5).equals(body));
  peer?.send(...goodAnswer(1));
  assert.equal((await watched.done).ok, true);
  await transport.close();
  await server.close();
});

test('wire: a server whose window stays 0 is waited for until the call is given up', async () => {
  const server = await startClosingPeer(() => {}, [[SETTING.initialWindowSize, 0]]);
  const transport = closingTransport({ target: server.target, clock: createRealClock(), channels: 1 });
  await transport.warmUp();
  const stream = { messages: [sent('a', 0), sent('b', 1)], halfCloseNs: 2, cancelNs: undefined };
  const unary = sendAndWatch(transport, grpcCall('M', { body: Buffer.from('x') }));
  const streaming = sendAndWatch(transport, grpcCall('M', { stream }));
  const timed = sendAndWatch(transport, grpcCall('M', { deadlineNs: 50e6, body: Buffer.from('x') }));
  assert.equal((await timed.done).failure, 'timeout');
  for (const one of [unary, streaming]) {
    one.cancel();
    const { failure, detail } = await one.done;
    assert.equal(failure, 'cancelled');
    assert.match(detail, /^(6|12) bytes of the request waited for the server's window$/);
    assert.deepEqual(one.calls, ['sent', 'done']);
  }
  const frames = server.peers[0]?.frames ?? [];
  await until(() => frames.filter(({ type }) => type === FRAME.reset).length === 3, 'all are reset');
  assert.ok(frames.every(({ type }) => type !== FRAME.data));
  await transport.close();
  await server.close();
});

test('wire: what a server may send is given back in large steps, for the connection and for each stream', async () => {
  const parts = 40;
  const part = Buffer.alloc(16_000);
  const message = Buffer.alloc(5);
  message.writeUInt32BE(parts * part.length, 1);
  const server = await startClosingPeer((peer, frame) => {
    if (!endsRequest(frame)) return;
    const { streamId } = frame;
    const data = Array.from({ length: parts }, () => frameOf(FRAME.data, 0, streamId, part));
    const end = [headersOf(streamId, OK_TRAILERS, true)];
    peer.send(headersOf(streamId, HEAD), frameOf(FRAME.data, 0, streamId, message), ...data, ...end);
  });
  const transport = closingTransport(
    { target: server.target, clock: createRealClock(), channels: 1 },
    { receiveWindowBytes: 200_000 },
  );
  for (let call = 0; call < 3; call += 1) {
    assert.equal((await sendAndWatch(transport, grpcCall('M')).done).responseBytes, parts * part.length);
  }
  const frames = server.peers[0]?.frames ?? [];
  const updates = (): PeerFrame[] => frames.filter(({ type }) => type === FRAME.windowUpdate);
  const returned = (streamId: number): number =>
    updates()
      .filter((one) => one.streamId === streamId)
      .reduce((sum, { payload }) => sum + payload.readUInt32BE(), 0);
  const received = 3 * (parts * part.length + 5);
  await until(() => returned(0) >= received, 'the window is given back');
  assert.ok(returned(0) <= received + 200_000 - 65_535);
  assert.ok(returned(1) > 400_000 && returned(1) <= received);
  assert.ok(updates().length < 50, `${updates().length} updates`);
  await transport.close();
  await server.close();
});

test('wire: to a server that does not read, calls stay unsent, are given up, and nothing piles up', async () => {
  const server = await startClosingPeer(() => {}, [[SETTING.initialWindowSize, 2 ** 31 - 1]]);
  const transport = closingTransport({ target: server.target, clock: createRealClock(), channels: 1 });
  await transport.warmUp();
  await until(() => server.peers.length === 1, 'it is connected');
  const [peer] = server.peers as [Peer];
  peer.send(windowUpdate(0, 2 ** 31 - 1 - 65_535));
  await until(() => peer.frames.some(({ flags }) => flags === FLAG.ack), 'settings are acknowledged');
  peer.socket.pause();
  const body = Buffer.alloc(16_000, 0x5a);
  const all: ReturnType<typeof sendAndWatch>[] = [];
  for (
    let turn = 0;
    turn < 4000 && all.every(({ calls }) => calls.length > 0 || all.length < 2000);
    turn += 1
  ) {
    all.push(sendAndWatch(transport, grpcCall('M', { body })));
    if (turn % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const unsent = all.filter(({ calls }) => !calls.includes('sent'));
  assert.ok(unsent.length > 0, 'the socket is full');
  for (const one of all) one.cancel();
  for (const one of all) assert.equal((await one.done).failure, 'cancelled');
  for (const { calls } of unsent) assert.deepEqual(calls, ['done']);
  // It reads again: the connection is as good as before.
  const late = sendAndWatch(transport, grpcCall('M', { body }));
  peer.socket.resume();
  await late.sent;
  const lateId = 2 * all.filter(({ calls }) => calls.includes('sent')).length + 1;
  await until(
    () => peer.frames.some((frame) => frame.streamId === lateId && endsRequest(frame)),
    'it arrives',
  );
  late.cancel();
  await late.done;
  // What waited for the socket was not written over.
  for (const { payload } of peer.frames.filter(({ type }) => type === FRAME.data)) {
    assert.ok(payload.length === 16_005 && payload.subarray(5).equals(body));
  }
  await transport.close();
  await server.close();
});

for (const [pings, failure] of [
  [20_000, undefined],
  [400_000, 'bad_response'],
] as const) {
  test(`wire: ${pings} pings from a server that does not read: ${failure ?? 'answered when it does, nothing written over'}`, async () => {
    const receiver = new Receiver();
    const server = await startClosingPeer(
      (_, frame) => receiver.take(frame),
      [[SETTING.initialWindowSize, 2 ** 31 - 1]],
    );
    const transport = closingTransport({
      target: server.target,
      clock: createRealClock(),
      channels: 1,
    });
    await transport.warmUp();
    await until(() => server.peers.length === 1, 'it is connected');
    const [peer] = server.peers as [Peer];
    peer.send(windowUpdate(0, 2 ** 31 - 1 - 65_535));
    await until(() => peer.frames.some(({ flags }) => flags === FLAG.ack), 'settings are acknowledged');
    peer.socket.pause();
    const body = Buffer.alloc(20_000_000, 'it does not read');
    const watched = sendAndWatch(transport, grpcCall('M', { body }));
    await watched.sent;
    const ping = frameOf(FRAME.ping, 0, 0, Buffer.from('12345678'));
    for (let sentPings = 0; sentPings < pings; sentPings += 1000) {
      peer.send(...Array.from({ length: 1000 }, () => ping));
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (failure === undefined) {
      peer.socket.resume();
      const answered = (): number => peer.frames.filter(({ type }) => type === FRAME.ping).length;
      await until(() => answered() === pings, 'pings are answered');
      await until(() => receiver.ended.length === 1, 'the message has come');
      assert.ok(receiver.body(1).subarray(5).equals(body));
      peer.send(...goodAnswer(1));
    }
    assert.equal((await watched.done).failure, failure);
    await transport.close();
    await server.close();
  });
}

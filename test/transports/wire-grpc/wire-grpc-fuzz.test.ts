import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngramTraceError } from '../../../src/error.ts';
import { createRealClock } from '../../../src/replay/clock/real-clock.ts';
import { createWireGrpcTransport } from '../../../src/transports/wire-grpc/wire-grpc-transport.ts';
import { FrameReader, type PeerFrameHandler } from '../../../src/wire/http2/frame-reader.ts';
import { FLAG, FRAME, frameOf } from '../../../src/wire/http2/frames.ts';
import fc from '../../support/fast-check.ts';
import { sendAndWatch } from '../../support/send-and-watch.ts';
import { endsRequest, goodAnswer, settingsFrame, startPeer } from '../conformance-grpc-peer.ts';
import { grpcCall, sent } from '../conformance-grpc-support.ts';

/** Everything a reader told, as text; parts of one DATA frame are one call. */
function listing(): { told: string[]; sink: PeerFrameHandler } {
  const told: string[] = [];
  const hex = (bytes: Buffer, from: number, to: number): string => bytes.toString('hex', from, to);
  const sink: PeerFrameHandler = {
    data: (id, bytes, from, to, flow, isEnd) =>
      told.push(`data ${id} ${hex(bytes, from, to)} ${flow} ${isEnd}`),
    headers: (id, bytes, from, to, isEnd) => told.push(`headers ${id} ${hex(bytes, from, to)} ${isEnd}`),
    reset: (id, code) => told.push(`reset ${id} ${code}`),
    settings: (bytes, from, to) => told.push(`settings ${hex(bytes, from, to)}`),
    ping: (bytes, from) => told.push(`ping ${hex(bytes, from, from + 8)}`),
    goAway: (id, code, text) => told.push(`goaway ${id} ${code} ${text}`),
    windowUpdate: (id, increment) => told.push(`window ${id} ${increment}`),
  };
  return { told, sink };
}

/** Reads bytes in chunks of these lengths, over and over; gives up at the first error, as a connection does. */
function readIn(bytes: Buffer, lengths: readonly number[]): string[] {
  const { told, sink } = listing();
  const reader = new FrameReader(sink);
  const chunk = Buffer.alloc(70_000);
  try {
    for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
      const length = Math.min(lengths[turn % lengths.length] as number, bytes.length - at, chunk.length);
      // One piece of memory for all, as on a socket: nothing may be kept of it.
      chunk.fill(0xee);
      bytes.copy(chunk, 0, at, at + length);
      reader.push(chunk, length);
      at += length;
    }
  } catch (thrown) {
    assert.ok(thrown instanceof EngramTraceError, String(thrown));
    told.push(`error ${thrown.message}`);
  }
  return told;
}

const streamId = fc.integer({ min: 0, max: 4 }).map((number) => 2 * number + 1);
const payload = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc.integer({ min: 0, max: maxLength }).map((size) => Buffer.alloc(size, size)),
  );
const eight = fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes));
const four = fc.integer({ min: 1, max: 2 ** 31 - 1 }).map((value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
});
const padded = (bytes: Buffer, pad: number): Buffer =>
  Buffer.concat([Buffer.from([pad]), bytes, Buffer.alloc(pad)]);

/** One thing a good server may send: whole frames, a header block with its continuations. */
const goodFrames: fc.Arbitrary<Buffer> = fc.oneof(
  fc
    .tuple(streamId, payload(16_000), fc.boolean(), fc.integer({ min: 0, max: 255 }))
    .map(([id, bytes, isEnd, pad]) =>
      frameOf(FRAME.data, FLAG.padded | (isEnd ? FLAG.endStream : 0), id, padded(bytes, pad)),
    ),
  fc.tuple(streamId, payload(16_384)).map(([id, bytes]) => frameOf(FRAME.data, 0, id, bytes)),
  fc
    .tuple(streamId, fc.array(payload(400), { minLength: 1, maxLength: 4 }))
    .map(([id, parts]) =>
      Buffer.concat(
        parts.map((part, at) =>
          frameOf(
            at === 0 ? FRAME.headers : FRAME.continuation,
            at === parts.length - 1 ? FLAG.endHeaders : 0,
            id,
            part,
          ),
        ),
      ),
    ),
  fc.tuple(streamId, four).map(([id, bytes]) => frameOf(FRAME.reset, 0, id, bytes)),
  fc.tuple(fc.constantFrom(0, 1, 3), four).map(([id, bytes]) => frameOf(FRAME.windowUpdate, 0, id, bytes)),
  eight.map((bytes) => frameOf(FRAME.ping, 0, 0, bytes)),
  eight.map((bytes) => frameOf(FRAME.goAway, 0, 0, bytes)),
  fc
    .tuple(fc.integer({ min: 10, max: 255 }), payload(200))
    .map(([type, bytes]) => frameOf(type, 0xff, 0, bytes)),
);
const conversation = fc
  .array(goodFrames, { maxLength: 12 })
  .map((frames) => Buffer.concat([settingsFrame([[1, 100]]), ...frames]));
const lengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 20_000 })), {
  minLength: 1,
  maxLength: 6,
});

test('however frames are split, the same is read', () => {
  fc.assert(
    fc.property(conversation, lengths, (bytes, each) => {
      const whole = readIn(bytes, [bytes.length]);
      assert.ok(!whole.at(-1)?.startsWith('error'), whole.at(-1));
      assert.deepEqual(readIn(bytes, each), whole);
    }),
    { numRuns: 150 },
  );
});

test('damaged bytes are read the same in all pieces, and never as anything but frames or an error of the server', () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(conversation, damage, lengths, (good, changes, each) => {
      const bytes = Buffer.from(good);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      assert.deepEqual(readIn(bytes, each), readIn(bytes, [70_000]));
    }),
    { numRuns: 150 },
  );
});

test('wire: whatever a server answers, each call ends once, nothing is thrown, and the next server is well served', async () => {
  const garbage = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    conversation.map((bytes) => bytes.subarray(15)),
    fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })).map(([at, value]) => {
      const bytes = Buffer.concat(goodAnswer(1));
      bytes[at % bytes.length] = value;
      return bytes;
    }),
  );
  let answer = Buffer.alloc(0);
  const server = await startPeer((peer, frame) => {
    if (!endsRequest(frame)) return;
    peer.send(answer);
    // What made no end of it ends here.
    setTimeout(() => peer.socket.end(), 5);
  });
  await fc.assert(
    fc.asyncProperty(garbage, async (bytes) => {
      answer = bytes;
      const transport = createWireGrpcTransport({
        target: server.target,
        clock: createRealClock(),
        channels: 1,
      });
      const stream = { messages: [sent('a', 0)], halfCloseNs: 0, cancelNs: undefined };
      const all = [grpcCall('M'), grpcCall('M', { stream }), grpcCall('M', { deadlineNs: 60e9 })];
      for (const outcome of await Promise.all(all.map((record) => sendAndWatch(transport, record).done))) {
        assert.equal(outcome.ok, outcome.status === 0 && outcome.failure === undefined);
        assert.ok(
          (outcome.status === undefined) === (outcome.failure !== undefined),
          JSON.stringify(outcome),
        );
      }
      await transport.close();
    }),
    { numRuns: 60 },
  );
  await server.close();
});

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { AnswerHeads } from '../../../src/transports/wire-grpc/answer-heads.ts';
import { AnswerMessages } from '../../../src/transports/wire-grpc/answer-messages.ts';
import { Deadlines } from '../../../src/transports/wire-grpc/deadlines.ts';
import { headerBlock, headerFrames } from '../../../src/transports/wire-grpc/header-block.ts';
import { framed, Outgoing } from '../../../src/transports/wire-grpc/outgoing.ts';
import {
  createGrpcCallContext,
  prepareGrpcCall,
} from '../../../src/transports/wire-grpc/prepare-grpc-call.ts';
import { SendSide } from '../../../src/transports/wire-grpc/send-side.ts';
import { TurnEnd } from '../../../src/transports/wire-grpc/turn-end.ts';
import type { WireCall } from '../../../src/transports/wire-grpc/wire-call.ts';
import { HpackDecoder } from '../../../src/wire/hpack/decoder.ts';
import { INITIAL_WINDOW_BYTES } from '../../../src/wire/http2/frames.ts';
import fc from '../../support/fast-check.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';
import { grpcCall } from '../conformance-grpc-support.ts';

const headerList = fc
  .array(
    fc.tuple(
      fc.oneof(
        fc.constantFrom(':status', 'te', 'date', 'grpc-status'),
        fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/),
      ),
      fc.oneof(fc.constantFrom('200', '0', ''), fc.string({ unit: 'grapheme-ascii', maxLength: 300 })),
    ),
    { maxLength: 12 },
  )
  .map((pairs) => pairs.flat());

test('a header block is read as what was written, and leaves no trace in the table', () => {
  fc.assert(
    fc.property(headerList, (list) => {
      const decoder = new HpackDecoder();
      assert.deepEqual(decoder.decode(headerBlock(list)), list);
      assert.equal(decoder.usedTable, false);
    }),
  );
});

test('a header block that is too long for a frame goes on in others', () => {
  const frames = headerFrames(['x-long', 'v'.repeat(40_000)]);
  const types: [type: number, flags: number][] = [];
  for (let at = 0; at < frames.length; at += 9 + frames.readUIntBE(at, 3)) {
    types.push([frames[at + 3] as number, frames[at + 4] as number]);
  }
  assert.deepEqual(types, [
    [1, 0],
    [9, 0],
    [9, 4],
  ]);
});

test('heads that are remembered are those that are decoded, also when the server begins to use a table', () => {
  const indexed = (name: string, value: string): Buffer =>
    Buffer.concat([
      Buffer.from([0x40, name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value),
    ]);
  const block = fc.oneof(
    fc.constantFrom('0', '5', '14').map((status) => headerBlock(['grpc-status', status])),
    fc.constantFrom('0', '7').map((status) => indexed('grpc-status', status)),
    // The newest entry of the table, and the table emptied and opened again.
    fc.constant(Buffer.from([0xbe])),
    fc.constantFrom(Buffer.from([0x20]), Buffer.from([0x3f, 0x45])),
  );
  fc.assert(
    fc.property(fc.array(block, { maxLength: 30 }), (blocks) => {
      const heads = new AnswerHeads();
      const decoder = new HpackDecoder();
      for (const bytes of blocks) {
        let list: string[] | undefined;
        try {
          list = decoder.decode(bytes);
        } catch {
          assert.throws(() => heads.read(bytes, 0, bytes.length));
          return;
        }
        const { grpcStatus } = heads.read(bytes, 0, bytes.length);
        assert.equal(grpcStatus, list.length === 0 ? undefined : Number(list[1]));
      }
    }),
    { numRuns: 500 },
  );
});

test('equal records are prepared as equal bytes, in whatever order and with whatever deadlines between', () => {
  const context = () => createGrpcCallContext({ scheme: 'http', authority: 'a:1', metadata: ['x-own', '1'] });
  const shared = ['content-type', 'application/grpc', 'x-a', 'b'];
  const record = fc
    .tuple(fc.constantFrom('A', 'B'), fc.constantFrom(undefined, 1e9, 2e9))
    .map(([method, deadlineNs]) => grpcCall(method, { headers: shared, deadlineNs }));
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (records) => {
      const used = context();
      for (const each of records) {
        assert.deepEqual(prepareGrpcCall(each, used), prepareGrpcCall(each, context()));
      }
    }),
  );
});

test('what a call says of itself is in its header block, and nothing else of the recording', () => {
  const headers = [
    'grpc-encoding',
    'zstd',
    'grpc-accept-encoding',
    'gzip',
    'grpc-timeout',
    '9S',
    'cookie',
    '[redacted]',
  ];
  const record = grpcCall('M', { headers, deadlineNs: 1.5e9, bodyCompressed: true, body: Buffer.from('x') });
  const context = createGrpcCallContext({ scheme: 'https', authority: 'engram:443', metadata: [] });
  const { head, message, isCompressed, deadlineNs } = prepareGrpcCall(record, context);
  assert.deepEqual(new HpackDecoder().decode(Buffer.from(head.subarray(9))), [
    ...[
      ':method',
      'POST',
      ':scheme',
      'https',
      ':path',
      '/t.S/M',
      ':authority',
      'engram:443',
      'te',
      'trailers',
    ],
    ...['grpc-timeout', '1500000u', 'content-type', 'application/grpc', 'grpc-encoding', 'zstd'],
    ...['grpc-accept-encoding', 'gzip', 'user-agent', 'engram-trace'],
  ]);
  assert.deepEqual([message, isCompressed, deadlineNs], [record.body, true, 1.5e9]);
  for (const path of ['', 'x', '/a b', '/a\r\nb']) {
    assert.throws(() => prepareGrpcCall({ ...record, path }, context), /path/);
  }
});

const messages = fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 8 });

test('messages are counted however they are cut, and a broken-off one is seen', () => {
  fc.assert(
    fc.property(
      messages,
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 0, max: 8 }),
      (all, step, missing) => {
        const whole = Buffer.concat(all.map((message) => framed(message, false)));
        const bytes = whole.subarray(0, Math.max(0, whole.length - missing));
        const counted = new AnswerMessages();
        let firsts = 0;
        for (let at = 0; at < bytes.length; at += step) {
          if (counted.push(bytes, at, Math.min(bytes.length, at + step)) === 'first') firsts += 1;
        }
        const ends: number[] = [];
        for (const message of all) ends.push((ends.at(-1) ?? 0) + 5 + message.length);
        const complete = ends.filter((end) => end <= bytes.length).length;
        assert.equal(
          counted.responseBytes,
          all.slice(0, complete).reduce((sum, { length }) => sum + length, 0),
        );
        assert.equal(firsts, complete > 0 ? 1 : 0);
        assert.equal(counted.isWhole, bytes.length === (ends[complete - 1] ?? 0));
      },
    ),
  );
});

test('what is to be sent comes out in any portions as it went in', () => {
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (all, portions) => {
      const outgoing = new Outgoing();
      const expected = all.map((message) => framed(message, true));
      for (const message of expected) outgoing.add(message);
      const got = Buffer.alloc(outgoing.pendingBytes);
      for (let at = 0, turn = 0; outgoing.pendingBytes > 0; turn += 1) {
        const size = Math.min(portions[turn % portions.length] as number, outgoing.pendingBytes);
        outgoing.take(size, got, at);
        at += size;
      }
      assert.ok(got.equals(Buffer.concat(expected)));
    }),
  );
});

test('deadlines pass at their time or just after, never when removed, and need no clock when there are none', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ inNs: fc.integer({ min: 0, max: 1e9 }), removed: fc.boolean() }), {
        maxLength: 40,
      }),
      async (all) => {
        const clock = createVirtualClock(1e12 + 12_345);
        const passed = new Map<object, number>();
        const deadlines = new Deadlines<object>(clock, (item) => {
          assert.ok(!passed.has(item));
          passed.set(item, clock.nowNs());
        });
        const startNs = clock.nowNs();
        const items = all.map((each) => ({ ...each, tick: 0 }));
        for (const item of items) item.tick = deadlines.add(item, item.inNs);
        for (const item of items) if (item.removed) deadlines.remove(item, item.tick);
        await clock.advance(startNs + 2e9);
        for (const item of items) {
          const atNs = passed.get(item);
          if (item.removed) assert.equal(atNs, undefined);
          else
            assert.ok(
              atNs !== undefined && atNs >= startNs + item.inNs && atNs <= startNs + item.inNs + 10e6,
            );
        }
      },
    ),
    { numRuns: 50 },
  );
});

interface Side {
  side: SendSide;
  written: number[];
  calls: WireCall[];
  /** How often a call was asked for what it has to send. */
  asked: number;
}

/** A sending half, and 200 calls that each have a message of 1,005 bytes to send. */
function sideWithCalls(sendWindow: number): Side {
  const written: number[] = [];
  const socket = {
    writableLength: 0,
    write: (bytes: Uint8Array) => void written.push(bytes.length),
  } as unknown as Socket;
  const made: Side = { side: new SendSide(socket, new TurnEnd(), () => {}), written, calls: [], asked: 0 };
  const pending = Object.getOwnPropertyDescriptor(Outgoing.prototype, 'pendingBytes')?.get as () => number;
  for (let i = 0; i < 200; i += 1) {
    const outgoing = Outgoing.ofOne(new Uint8Array(1000), false);
    Object.defineProperty(outgoing, 'pendingBytes', {
      get: () => {
        made.asked += 1;
        return pending.call(outgoing);
      },
    });
    made.calls.push({ streamId: 2 * i + 1, sendWindow, outgoing, sent: () => {} } as unknown as WireCall);
  }
  for (const call of made.calls) made.side.wrote(call);
  made.side.flush();
  made.asked = 0;
  return made;
}

/** The number of calls that have sent all; they are the first ones. */
function endedOf({ calls }: Side): number {
  const ended = calls.findIndex(({ outgoing }) => outgoing?.isEnded === false);
  assert.ok(calls.slice(ended).every(({ outgoing }) => outgoing?.isEnded === false));
  return ended;
}

function ping({ side }: Side, turns: number): void {
  for (let turn = 0; turn < turns; turn += 1) {
    side.number(6, 0, turn);
    side.flush();
  }
}

test('calls that wait for the window of the connection are not asked again before it is wider', () => {
  const one = sideWithCalls(65_535);
  // 65 of 1,005 bytes, and the beginning of one more.
  assert.equal(endedOf(one), Math.floor(INITIAL_WINDOW_BYTES / 1005));
  ping(one, 100);
  assert.equal(one.asked, 0);
  one.side.widen(undefined, 1005 * 200);
  one.side.flush();
  assert.ok(one.calls.every(({ outgoing }) => outgoing?.isEnded));
  assert.ok(one.written.length > 100);
});

test('a window of the connection that grows by little is given to the first that wait, and the others are not asked', () => {
  const one = sideWithCalls(65_535);
  const before = endedOf(one);
  for (let turn = 1; turn <= 50; turn += 1) {
    one.side.widen(undefined, 1005);
    one.side.flush();
    assert.equal(endedOf(one), before + turn);
  }
  // The rest of one and the beginning of the next each turn.
  assert.ok(one.asked <= 50 * 12, `${one.asked} questions`);
});

test('calls that wait for their own window are not asked again before it is wider', () => {
  const one = sideWithCalls(10);
  ping(one, 100);
  assert.equal(one.asked, 0);
  const [first, second] = one.calls as [WireCall, WireCall];
  one.side.widen(first, 995);
  one.side.flush();
  assert.equal(endedOf(one), 1);
  assert.ok(one.asked <= 10, `${one.asked} questions`);
  one.side.setStreamWindow(INITIAL_WINDOW_BYTES + 995, [second]);
  one.side.flush();
  assert.equal(endedOf(one), 2);
});

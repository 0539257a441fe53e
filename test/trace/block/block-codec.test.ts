import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Block, type Record as WireRecord } from '../../../src/gen/engram/trace/v1/trace.ts';
import { createBlockBuilder } from '../../../src/trace/block/block-builder.ts';
import { openBlock } from '../../../src/trace/block/block-cursor.ts';
import { MalformedError } from '../../../src/trace/bytes/wire-reader.ts';
import { emptyRecord, type TraceRecord } from '../../../src/trace/record/record.ts';
import fc from '../../support/fast-check.ts';
import { byStart, lossOf, makeRecord, records } from '../support.ts';

// The encoder and the decoder are written by hand, for speed; the generated code is the judge of both.

const EPOCH = 1_700_000_000_000_000_000n;

function encode(list: readonly TraceRecord[], closedNs = 7): Uint8Array {
  const builder = createBlockBuilder(EPOCH);
  for (const record of list) builder.add(record);
  return builder.close(closedNs).raw;
}

/** Without the length in front. */
function message(raw: Uint8Array): Uint8Array {
  const lengthBytes = raw.findIndex((byte) => byte < 128) + 1;
  return raw.subarray(lengthBytes);
}

function framed(bytes: Uint8Array): Uint8Array {
  const length: number[] = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    if (rest < 128) return new Uint8Array([...length, rest, ...bytes]);
    length.push((rest & 127) | 128);
  }
}

function decodeAll(raw: Uint8Array): TraceRecord[] {
  const cursor = openBlock(raw, EPOCH);
  const list: TraceRecord[] = [];
  for (let record = cursor.current; record; record = cursor.current) {
    list.push(record);
    cursor.advance();
  }
  return list;
}

/** What a reader makes of a block who knows only the schema and its comments. */
function fromWire(block: Block): TraceRecord[] {
  const text = (index: number) => block.strings[index] ?? '';
  const number = (value: bigint | undefined) => (value === undefined ? undefined : Number(value));
  const headers = (set: number) => (block.headerSets[set]?.strings ?? []).map(text);
  let startNs = Number(block.baseNs);
  return block.records.map((wire: WireRecord) => {
    startNs += Number(wire.startDeltaNs);
    assert.ok(wire.outcome);
    return {
      startNs,
      durationNs: number(wire.durationNs),
      session: text(wire.session),
      op: text(wire.op),
      space: text(wire.space),
      protocol: wire.protocol === 2 ? 'grpc' : 'http',
      httpVersion: wire.httpVersion === 1 ? '1.0' : undefined,
      method: text(wire.method),
      path: text(wire.path),
      headers: headers(wire.headerSet),
      body: wire.body,
      bodyCompressed: wire.bodyCompressed,
      bodyBytesMissing: Number(wire.bodyBytesMissing),
      deadlineNs: number(wire.deadlineNs),
      stream: wire.stream && {
        messages: wire.stream.messages.map((m) => ({
          fromServer: m.fromServer,
          offsetNs: Number(m.offsetNs),
          data: m.data,
          sizeBytes: Number(m.size),
          compressed: m.compressed,
        })),
        halfCloseNs: number(wire.stream.halfCloseNs),
        cancelNs: number(wire.stream.cancelNs),
      },
      outcome: {
        status: wire.outcome.status,
        ok: wire.outcome.ok,
        error: text(wire.outcome.error),
        responseBytes: Number(wire.outcome.responseSize),
        responseCrc32: wire.outcome.responseCrc32,
        itemCount: wire.outcome.itemCount,
        response: wire.outcome.response,
      },
    };
  });
}

const lists = fc.array(records(), { minLength: 1, maxLength: 20 });
const plain = (list: TraceRecord[]) =>
  JSON.stringify(list, (_, value) => (value instanceof Uint8Array ? [...value] : value));

test('the generated decoder reads what the encoder writes', () => {
  fc.assert(
    fc.property(lists, (list) => {
      const block = Block.decode(message(encode(list)));
      assert.equal(block.epochUnixNs, EPOCH);
      assert.equal(block.closedNs, 7n);
      assert.equal(block.strings[0], '');
      assert.deepEqual(block.headerSets[0]?.strings, []);
      assert.equal(plain(fromWire(block)), plain([...list].sort(byStart)));
    }),
  );
});

test('the decoder reads what the generated encoder writes', () => {
  fc.assert(
    fc.property(lists, (list) => {
      const raw = encode(list);
      const again = framed(Block.encode(Block.decode(message(raw))).finish());
      assert.deepEqual(decodeAll(again), decodeAll(raw));
    }),
  );
});

test('fields of the future are passed over, wherever they stand', () => {
  const list = [makeRecord({ startNs: 5, body: new Uint8Array([1, 2]) }), makeRecord({ startNs: 9 })];
  const unknown = [
    ...[0xf8, 0x07, 1],
    ...[0xfa, 0x07, 2, 9, 9],
    ...[0xfd, 0x07, 1, 2, 3, 4],
    ...[0xf9, 0x07, 1, 2, 3, 4, 5, 6, 7, 8],
  ];
  const known = message(encode(list));
  assert.deepEqual(decodeAll(framed(new Uint8Array([...unknown, ...known, ...unknown]))), list);
});

test('records are sorted, those that start together in the order they came', () => {
  const starts = [5, 3, 5, 1, 3];
  const list = starts.map((startNs, i) => makeRecord({ startNs, path: `/${i}` }));
  assert.deepEqual(
    decodeAll(encode(list)).map(({ path }) => path),
    ['/3', '/1', '/4', '/0', '/2'],
  );
});

test('however far the starts are apart, and however many are equal, records come in their order', () => {
  const spans = [3, 1e9, 3600e9, 2 ** 52];
  const arrivals = fc
    .constantFrom(...spans)
    .chain((span) =>
      fc.array(fc.integer({ min: -span, max: Math.floor(span / 2) }), { minLength: 2, maxLength: 60 }),
    );
  fc.assert(
    fc.property(arrivals, (starts) => {
      const list = starts.map((startNs, i) => ({ startNs, path: `/${i}` }));
      const builder = createBlockBuilder(EPOCH);
      for (const each of list) builder.add(makeRecord(each));
      const read = decodeAll(builder.close(0).raw).map(({ startNs, path }) => ({ startNs, path }));
      assert.deepEqual(
        read,
        list.toSorted((one, other) => one.startNs - other.startNs),
      );
    }),
  );
});

test("a record at rest is read as it was written, and is nobody else's", () => {
  assert.deepEqual(decodeAll(encode([emptyRecord()])), [emptyRecord()]);
  const filled = emptyRecord();
  filled.outcome.status = 500;
  assert.equal(emptyRecord().outcome.status, undefined);
});

test('negative starts and an epoch of its own', () => {
  const builder = createBlockBuilder(EPOCH + 1000n);
  builder.add(makeRecord({ startNs: -300 }));
  builder.addLoss(lossOf({ recordsDropped: 4 }));
  const cursor = openBlock(builder.close(-1).raw, EPOCH);
  assert.equal(cursor.current?.startNs, 700);
  assert.equal(cursor.closedNs, 999);
  assert.equal(cursor.loss.recordsDropped, 4);
});

test('a closed block is plain data, and its builder can be used again', () => {
  const builder = createBlockBuilder(EPOCH);
  builder.add(makeRecord({ startNs: 3, op: 'a' }));
  const first = builder.close(4);
  assert.ok(builder.isEmpty);
  builder.add(makeRecord({ startNs: 8, op: 'b' }));
  const second = builder.close(9);
  assert.deepEqual(first.opCounts, [['a', 1]]);
  assert.deepEqual(second.opCounts, [['b', 1]]);
  const expected = structuredClone(first);
  const moved = structuredClone(first, { transfer: [first.raw.buffer] });
  assert.deepEqual(moved, expected);
  assert.deepEqual(decodeAll(second.raw)[0]?.op, 'b');
});

test('the estimate of the size is near enough to close blocks by', () => {
  const builder = createBlockBuilder(EPOCH);
  for (let i = 0; i < 5000; i++)
    builder.add(makeRecord({ startNs: i * 1000, path: `/p/${i % 100}`, body: new Uint8Array(i % 64) }));
  const estimate = builder.sizeBytes;
  const { raw } = builder.close(0);
  assert.ok(Math.abs(estimate / raw.length - 1) < 0.2, `${estimate} for ${raw.length}`);
});

const HOSTILE: [name: string, raw: number[]][] = [
  ['nothing', []],
  ['a message that claims 2 GB', [0x80, 0x80, 0x80, 0x80, 0x08, 0x3a]],
  ['a record that claims 2 GB', [6, 0x3a, 0x80, 0x80, 0x80, 0x80, 0x08]],
  ['a body that claims 2 GB', [10, 0x3a, 8, 0x30, 1, 0x52, 0x80, 0x80, 0x80, 0x80, 0x08]],
  ['a stream message that claims more than its stream', [9, 0x3a, 7, 0x30, 1, 0x62, 3, 0x0a, 0x7f, 1]],
  ['a number that never ends', [12, 0x08, ...Array.from({ length: 11 }, () => 0xff)]],
  ['a start above 2^53', [14, 0x3a, 12, 0x30, 1, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
  ['an entry the table has not', [6, 0x3a, 4, 0x30, 1, 0x20, 9]],
  ['a header set the block has not', [6, 0x3a, 4, 0x30, 1, 0x48, 3]],
  ['a header without a value', [8, 0x22, 0, 0x2a, 3, 0x0a, 1, 0, 0]],
  ['a record of no protocol', [2, 0x3a, 0]],
  ['a group', [2, 0x3b, 0x3c]],
  ['bytes behind the message', [0, 0]],
];

for (const [name, raw] of HOSTILE) {
  test(`a block that holds ${name} is malformed`, () => {
    assert.throws(
      () => decodeAll(new Uint8Array(raw)),
      (error) => error instanceof MalformedError || error instanceof RangeError,
    );
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngramTraceError } from '../../../src/error.ts';
import { Header, Index, BlockStats as WireStats } from '../../../src/gen/engram/trace/v1/trace.ts';
import { decodeHeader } from '../../../src/trace/block/header-decoder.ts';
import { encodeHeader } from '../../../src/trace/block/header-encoder.ts';
import { MalformedError } from '../../../src/trace/bytes/wire-reader.ts';
import { decodeIndex } from '../../../src/trace/index/index-decoder.ts';
import { encodeIndex } from '../../../src/trace/index/index-encoder.ts';
import { emptyHeader, type Loss, type TraceHeader } from '../../../src/trace/record/record.ts';
import { decodeBlockStats } from '../../../src/trace/stats/block-stats-decoder.ts';
import { encodeBlockStats } from '../../../src/trace/stats/block-stats-encoder.ts';
import { addValue, createDistribution } from '../../../src/trace/stats/distribution.ts';
import type {
  BlockEntry,
  BlockStats,
  Distribution,
  TraceIndex,
} from '../../../src/trace/stats/trace-index.ts';
import fc, { runs } from '../../support/fast-check.ts';

// The decoders are written by hand and the encoders generated: what one writes the other must read.

const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const count = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat());
const time = fc.oneof(fc.nat(), fc.maxSafeInteger());
/** Protobuf leaves -0 out like any 0. */
const double = fc.double({ noNaN: true }).map((value) => (value === 0 ? 0 : value));
const object = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;

const losses = object<Loss>({
  recordsDropped: count,
  bodiesTruncated: count,
  bodyBytesTruncated: count,
  recordsSampledOut: count,
  recordsLate: count,
  blocksDamaged: count,
  recordsDamaged: count,
  connectionsUnfollowed: count,
  bytesUnfollowed: count,
  segmentsIncomplete: count,
});

const headers = object<TraceHeader>({
  formatVersion: fc.constant(1),
  epochUnixNs: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  resolutionNs: count,
  sorted: fc.boolean(),
  tool: text,
  source: text,
  origins: fc.array(text),
  redacted: fc.array(text),
  dialect: text,
  window: fc.option(object({ startNs: time, endNs: time }), { nil: undefined }),
  gaps: fc.array(object({ startNs: time, endNs: time, reason: text })),
  notes: fc.array(text),
  loss: losses,
  runId: text,
  openedNs: time,
});

const distributions: fc.Arbitrary<Distribution> = fc.array(count).map((values) => {
  const distribution = createDistribution();
  for (const value of values.sort((a, b) => a - b)) addValue(distribution, value);
  distribution.sum = Math.min(distribution.sum, 1e300);
  return distribution;
});

const named = <T>(values: fc.Arbitrary<T>) =>
  fc.array(fc.tuple(text, values), { maxLength: 5 }).map((pairs) => new Map(pairs));

const stats = object<BlockStats>({
  ops: named(
    object({
      count,
      failed: count,
      cancelled: count,
      requestBytes: count,
      responseBytes: count,
      duration: distributions,
    }),
  ),
  spaces: named(fc.nat()),
  httpRecords: count,
  grpcRecords: count,
  grpcStreams: count,
  sessionHashes: fc
    .uniqueArray(fc.nat({ max: 0xffffffff }), { maxLength: 20 })
    .map((hashes) => hashes.sort((a, b) => a - b)),
  gaps: distributions,
});

const entries = object<BlockEntry>({
  offset: count,
  compressedBytes: fc.nat(),
  rawBytes: fc.nat(),
  records: fc.nat(),
  firstStartNs: time,
  lastStartNs: time,
  loss: losses,
  opCounts: fc.array(fc.nat()),
  stats: fc.uint8Array({ maxLength: 50 }),
});

const indexes = object<TraceIndex>({
  totals: object<TraceIndex['totals']>({
    records: count,
    rawBytes: count,
    firstStartNs: time,
    lastStartNs: time,
    loss: losses,
    ops: fc.array(text),
    stats,
    dispersion10Ms: double,
    dispersion100Ms: double,
    timelineStepNs: count,
    timeline: fc.array(count),
  }),
  blocks: fc.array(entries, { maxLength: 5 }),
  closedNs: time,
});

/** Fields 90 and up of every wire type but groups. */
const FUTURE = Buffer.concat([
  Buffer.from([0xd0, 0x05, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
  Buffer.from([0xd9, 0x05, 1, 2, 3, 4, 5, 6, 7, 8]),
  Buffer.from([0xe2, 0x05, 2, 1, 2]),
  Buffer.from([0xed, 0x05, 1, 2, 3, 4]),
]);
const plain = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const withPlainStats = (index: TraceIndex) => ({
  ...index,
  blocks: index.blocks.map((entry) => ({ ...entry, stats: plain(entry.stats) })),
});

test('headers are read as they were written, fields of the future passed over', () => {
  fc.assert(
    fc.property(headers, (header) => {
      assert.deepEqual(decodeHeader(encodeHeader(header), ''), header);
      assert.deepEqual(decodeHeader(Buffer.concat([FUTURE, encodeHeader(header), FUTURE]), ''), header);
    }),
  );
});

test('an index is read as it was written', () => {
  fc.assert(
    fc.property(indexes, (index) => {
      const bytes = Buffer.concat([FUTURE, encodeIndex(index)]);
      assert.deepEqual(withPlainStats(decodeIndex(bytes)), withPlainStats(index));
    }),
  );
});

test('statistics of a block with their arrivals', () => {
  const arrivals = fc
    .uniqueArray(fc.nat(), { maxLength: 20 })
    .map((bins) => bins.sort((a, b) => a - b).map((bin): [number, number] => [bin, (bin % 7) + 1]));
  fc.assert(
    fc.property(stats, arrivals, (written, bins) => {
      const read = decodeBlockStats(encodeBlockStats(written, bins));
      assert.deepEqual(read, { stats: written, arrivals: bins });
    }),
  );
});

test('repeated numbers may come one by one, and names behind what refers to them', () => {
  // spaces (field 3): 1, 5; session_hashes (7): 9; arrivals (9): 0, 2; strings (1): "", "a".
  const bytes = Buffer.from([24, 1, 24, 5, 61, 9, 0, 0, 0, 72, 0, 72, 2, 10, 0, 10, 1, 97]);
  const { stats: read, arrivals } = decodeBlockStats(bytes);
  assert.deepEqual([...read.spaces], [['a', 5]]);
  assert.deepEqual([read.sessionHashes, arrivals], [[9], [[0, 2]]]);
  assert.deepEqual(WireStats.decode(bytes).spaces, [1, 5]);
});

test('cut anywhere, or with any byte changed, they are read or malformed, and nothing else', () => {
  const survives = (decode: () => unknown) => {
    try {
      decode();
    } catch (error) {
      const isOurs = error instanceof EngramTraceError && error.code === 'unsupported_version';
      assert.ok(isOurs || error instanceof MalformedError, String((error as Error).stack));
    }
  };
  fc.assert(
    fc.property(headers, indexes, fc.nat(), fc.nat({ max: 255 }), (header, index, place, byte) => {
      for (const [bytes, decode] of [
        [encodeHeader(header), (b: Uint8Array) => decodeHeader(b, '')],
        [encodeIndex(index), decodeIndex],
      ] as const) {
        const at = place % Math.max(1, bytes.length);
        survives(() => decode(bytes.subarray(0, at)));
        const changed = Uint8Array.from(bytes);
        changed[at] = byte;
        survives(() => decode(changed));
      }
    }),
    { numRuns: runs(500) },
  );
});

test('the generated decoders agree on what a header and an index are', () => {
  const header = { ...emptyHeader(), epochUnixNs: 5n, openedNs: -3 };
  assert.equal(Header.decode(encodeHeader(header)).openedNs, -3n);
  assert.equal(decodeHeader(encodeHeader(header), '').openedNs, -3);
  assert.throws(
    () => decodeIndex(Index.encode({ totals: undefined, blocks: [], closedNs: 5n }).finish()),
    MalformedError,
  );
});

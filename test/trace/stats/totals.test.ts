import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBlockBuilder } from '../../../src/trace/block/block-builder.ts';
import { emptyLoss, type TraceRecord, unknownOutcome } from '../../../src/trace/record/record.ts';
import {
  createBlockStats,
  estimateSessions,
  mergeBlockStats,
  sessionHash,
  smallestHashes,
} from '../../../src/trace/stats/block-stats.ts';
import { decodeBlockStats } from '../../../src/trace/stats/block-stats-decoder.ts';
import { addValue, createDistribution } from '../../../src/trace/stats/distribution.ts';
import { computeTotals } from '../../../src/trace/stats/totals.ts';
import type { BlockEntry } from '../../../src/trace/stats/trace-index.ts';
import fc from '../../support/fast-check.ts';
import { makeRecord } from '../support.ts';

const EPOCH = 1_700_000_000_003_000_000n;

function entryOf(records: readonly TraceRecord[]): BlockEntry {
  const builder = createBlockBuilder(EPOCH);
  for (const record of records) builder.add(record);
  const block = builder.close(0);
  return {
    offset: 0,
    compressedBytes: 1,
    rawBytes: 10,
    records: block.records,
    firstStartNs: block.firstStartNs,
    lastStartNs: block.lastStartNs,
    loss: emptyLoss(),
    opCounts: block.opCounts.map(([, count]) => count),
    stats: block.stats,
  };
}

/** Variance over mean, from a list of all windows. */
function dispersion(starts: readonly number[], widthNs: bigint): number {
  const windows = starts.map((start) => Number((EPOCH + BigInt(start)) / widthNs));
  const [first, last] = [Math.min(...windows), Math.max(...windows)];
  const counts = Array.from(
    { length: last - first + 1 },
    (_, i) => windows.filter((window) => window === first + i).length,
  );
  const mean = counts.reduce((a, b) => a + b, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length / mean;
}

const blocks = fc.array(fc.array(fc.nat({ max: 900_000_000 }), { minLength: 1, maxLength: 12 }), {
  minLength: 1,
  maxLength: 6,
});

test('dispersion and timeline are exact, however the blocks overlap', () => {
  fc.assert(
    fc.property(blocks, (starts) => {
      const totals = computeTotals(
        starts.map((block) => entryOf(block.map((startNs) => makeRecord({ startNs })))),
        ['recall'],
        EPOCH,
      );
      const all = starts.flat();
      assert.ok(Math.abs(totals.dispersion10Ms - dispersion(all, 10_000_000n)) < 1e-9);
      assert.ok(Math.abs(totals.dispersion100Ms - dispersion(all, 100_000_000n)) < 1e-9);
      assert.equal(totals.records, all.length);
      assert.equal(totals.firstStartNs, Math.min(...all));
      assert.equal(totals.lastStartNs, Math.max(...all));
      assert.equal(
        totals.timeline.reduce((a, b) => a + b, 0),
        all.length,
      );
    }),
  );
});

function gapsOf(starts: readonly number[]) {
  const gaps = createDistribution();
  for (let i = 1; i < starts.length; i++) addValue(gaps, (starts[i] ?? 0) - (starts[i - 1] ?? 0));
  return gaps;
}

function totalsOf(blocks: readonly (readonly number[])[]) {
  const entries = blocks.map((block) => entryOf(block.map((startNs) => makeRecord({ startNs }))));
  return computeTotals(entries, ['recall'], EPOCH);
}

test('the gaps of a sorted trace are those between its records, wherever its blocks are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 1e13 }), { minLength: 1, maxLength: 60 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 60, maxLength: 60 }),
      (unsorted, sizes) => {
        const starts = unsorted.sort((a, b) => a - b);
        const cut: number[][] = [];
        for (let i = 0; i < starts.length; i += cut.at(-1)?.length ?? 1)
          cut.push(starts.slice(i, i + (sizes[cut.length] ?? 1)));
        // The order in which the entries come does not matter.
        const { gaps } = totalsOf(cut.reverse()).stats;
        const expected = gapsOf(starts);
        const error = Math.abs(gaps.sumOfSquares - expected.sumOfSquares);
        assert.ok(error <= 1e-12 * expected.sumOfSquares, String(error));
        assert.deepEqual({ ...gaps, sumOfSquares: 0 }, { ...expected, sumOfSquares: 0 });
      },
    ),
    {
      examples: [
        [
          [0, 0, 22, 22, 23],
          [2, 1, 2, ...Array<number>(57).fill(1)],
        ],
      ],
    },
  );
});

test('blocks that overlap show in the count of the gaps', () => {
  fc.assert(
    fc.property(blocks, (starts) => {
      const sorted = starts.map((block) => block.toSorted((a, b) => a - b));
      const totals = totalsOf(starts);
      const gaps = totals.stats.gaps;
      const merged = sorted.toSorted((a, b) => (a[0] ?? 0) - (b[0] ?? 0)).flat();
      const isSorted = merged.every((startNs, i) => i === 0 || startNs >= (merged[i - 1] ?? 0));
      assert.ok(gaps.count <= totals.records - 1);
      // Of two blocks with the same first start either may be first, so only one direction is certain.
      if (isSorted) assert.equal(gaps.count, totals.records - 1);
      if (gaps.count === totals.records - 1) assert.equal(gaps.sum, totals.lastStartNs - totals.firstStartNs);
    }),
  );
  assert.equal(totalsOf([[0, 100], [50, 150], [900]]).stats.gaps.count, 3);
  assert.equal(totalsOf([[0, 100], [50, 150], [900]]).stats.gaps.max, 750);
});

test('a long trace has a timeline of at most 2000 steps', () => {
  const starts = [0, 3_600_000_000_000, 86_400_000_000_000];
  const totals = computeTotals(
    starts.map((startNs) => entryOf([makeRecord({ startNs })])),
    ['recall'],
    EPOCH,
  );
  assert.ok(totals.timeline.length <= 2000 && totals.timeline.length > 1900);
  assert.equal(totals.timeline[0], 1);
  assert.equal(totals.timeline.at(-1), 1);
  assert.equal(totals.timelineStepNs % 10_000_000, 0);
  assert.equal(totals.timeline[Math.floor(3_600_000_000_000 / totals.timelineStepNs)], 1);
});

test('times before 1970 and far apart are survived', () => {
  const totals = computeTotals(
    [entryOf([makeRecord({ startNs: -9e15 }), makeRecord({ startNs: 0 })])],
    ['recall'],
    0n,
  );
  assert.equal(totals.records, 2);
});

test('what a block says of itself', () => {
  const failed = { ...unknownOutcome(), ok: false, responseBytes: 7 };
  const message = {
    fromServer: false,
    offsetNs: 0,
    data: new Uint8Array(3),
    sizeBytes: 5,
    compressed: false,
  };
  const { stats } = decodeBlockStats(
    entryOf([
      makeRecord({
        startNs: 0,
        durationNs: 100,
        op: 'a',
        space: 'x',
        body: new Uint8Array(4),
        bodyBytesMissing: 6,
      }),
      makeRecord({ startNs: 10, op: 'a', session: 'c2', outcome: failed, protocol: 'grpc' }),
      makeRecord({
        startNs: 40,
        op: 'b',
        protocol: 'grpc',
        bodyBytesMissing: 2,
        stream: {
          messages: [message, { ...message, fromServer: true }],
          halfCloseNs: 1,
          cancelNs: undefined,
        },
      }),
    ]).stats,
  );
  const a = stats.ops.get('a');
  assert.deepEqual(
    [a?.count, a?.failed, a?.requestBytes, a?.responseBytes, a?.duration.count],
    [2, 1, 10, 7, 1],
  );
  assert.equal(stats.ops.get('b')?.requestBytes, 5);
  assert.deepEqual(
    [...stats.spaces],
    [
      ['x', 1],
      ['default', 2],
    ],
  );
  assert.deepEqual([stats.httpRecords, stats.grpcRecords, stats.grpcStreams], [1, 2, 1]);
  assert.deepEqual([stats.gaps.count, stats.gaps.min, stats.gaps.max], [2, 10, 30]);
  assert.equal(estimateSessions(stats), 2);
});

test('sessions are counted exactly when few, and within a fifth when many, whatever they are called', () => {
  const names = [
    (i: number) => `c${i}`,
    (i: number) => `10.0.${i >> 8}.${i & 255}:${40_000 + (i % 20_000)}`,
    (i: number) => String(i),
  ];
  for (const name of names) {
    for (const count of [1, 255, 1000, 20_000]) {
      const stats = createBlockStats();
      stats.sessionHashes = smallestHashes(Array.from({ length: count }, (_, i) => sessionHash(name(i))));
      const estimate = estimateSessions(stats);
      assert.ok(
        Math.abs(estimate / count - 1) <= (count < 256 ? 0 : 0.2),
        `${estimate} for ${count} of ${name(1)}`,
      );
    }
  }
});

test('sketches of parts add up to the sketch of the whole', () => {
  const hashes = Array.from({ length: 3000 }, (_, i) => sessionHash(`s${i}`));
  const sum = createBlockStats();
  for (let i = 0; i < 3000; i += 700) {
    mergeBlockStats(sum, { ...createBlockStats(), sessionHashes: smallestHashes(hashes.slice(i, i + 900)) });
  }
  assert.deepEqual(sum.sessionHashes, smallestHashes(hashes));
});

test('the hash of the specification', () => {
  assert.deepEqual(['', 'c1', 'größe'].map(sessionHash), [2_872_998_923, 87_246_190, 3_449_927_484]);
});

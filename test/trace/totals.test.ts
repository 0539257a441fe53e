import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createBlockBuilder } from '../../src/trace/block-builder.ts';
import {
  createBlockStats,
  estimateSessions,
  mergeBlockStats,
  sessionHash,
  smallestHashes,
} from '../../src/trace/block-stats.ts';
import { decodeBlockStats } from '../../src/trace/block-stats-decoder.ts';
import { emptyLoss, type TraceRecord, unknownOutcome } from '../../src/trace/record.ts';
import { computeTotals } from '../../src/trace/totals.ts';
import type { BlockEntry } from '../../src/trace/trace-index.ts';
import { makeRecord } from './support.ts';

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

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findGaps, type SegmentSpan } from '../../src/sources/coverage.ts';

function segment(runId: string, number: number, start: number, end: number): SegmentSpan {
  const name = `oplog-20251121T140000Z-${runId}-${number}.trace.zst`;
  return { name, runId, startUnixNs: BigInt(start), endUnixNs: BigInt(end) };
}

function gaps(segments: SegmentSpan[], start: number, end: number): [number, number, string][] {
  const found = findGaps(segments, { startUnixNs: BigInt(start), endUnixNs: BigInt(end) });
  return found.map((gap) => [Number(gap.startUnixNs), Number(gap.endUnixNs), gap.reason]);
}

test('rotation within a run leaves no gap, even where its segments do not touch', () => {
  assert.deepEqual(gaps([segment('a', 1, 0, 10), segment('a', 2, 12, 20)], 0, 20), []);
});

test('a restart of capture does', () => {
  const log = [segment('b', 1, 15, 30), segment('a', 1, 0, 10)];
  assert.deepEqual(gaps(log, 0, 30), [[10, 15, 'capture was not running']]);
  assert.deepEqual(gaps(log, 12, 13), [[12, 13, 'capture was not running']]);
  assert.deepEqual(gaps(log, 2, 9), []);
});

test('runs that overlap cover for each other', () => {
  assert.deepEqual(gaps([segment('a', 1, 0, 10), segment('b', 1, 5, 30), segment('c', 1, 8, 9)], 0, 30), []);
});

test('a segment that is missing in the middle of a run is named', () => {
  const log = [segment('a', 1, 0, 10), segment('a', 3, 20, 30)];
  assert.deepEqual(gaps(log, 0, 30), [[10, 20, 'a segment of the log is missing or unreadable']]);
});

test('before the first record and after the last one', () => {
  assert.deepEqual(gaps([segment('a', 1, 10, 20)], 0, 30), [
    [0, 10, 'before the log begins'],
    [20, 30, 'after the end of the log'],
  ]);
  assert.deepEqual(gaps([segment('a', 1, 10, 20)], 40, 50), [[40, 50, 'after the end of the log']]);
  assert.deepEqual(gaps([segment('a', 1, 10, 20)], 0, 5), [[0, 5, 'before the log begins']]);
});

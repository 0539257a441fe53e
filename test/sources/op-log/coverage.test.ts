import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findGaps } from '../../../src/sources/op-log/coverage.ts';
import { type RunAlive, type SegmentSpan, surveyRuns } from '../../../src/sources/op-log/survey-runs.ts';

function segment(
  runId: string,
  number: number,
  start: number,
  end: number,
  changes: Partial<SegmentSpan> = {},
): SegmentSpan {
  const name = `oplog-20251121T140000000Z-${runId}-${number}.trace.zst`;
  const span = { startUnixNs: BigInt(start), endUnixNs: BigInt(end) };
  return { name, runId, number, ...span, isClosed: true, isReadable: true, ...changes };
}

const OPEN = { isClosed: false };

function gaps(
  segments: SegmentSpan[],
  start: number,
  end: number,
  alive: RunAlive[] = [],
): [number, number, string][] {
  const window = { startUnixNs: BigInt(start), endUnixNs: BigInt(end) };
  const found = findGaps(surveyRuns(segments, alive), window);
  return found.map((gap) => [Number(gap.startUnixNs), Number(gap.endUnixNs), gap.reason]);
}

function holes(segments: SegmentSpan[], alive: RunAlive[] = []): [number, number | undefined, number][] {
  return surveyRuns(segments, alive).holes.map(({ startUnixNs, endUnixNs, segments: count }) => [
    Number(startUnixNs),
    endUnixNs === undefined ? undefined : Number(endUnixNs),
    count,
  ]);
}

test('rotation within a run leaves no gap, even where its segments do not touch', () => {
  const log = [segment('a', 1, 0, 10), segment('a', 2, 12, 20)];
  assert.deepEqual(gaps(log, 0, 20), []);
  assert.deepEqual(holes(log), []);
});

test('a restart of capture does', () => {
  const log = [segment('b', 1, 15, 30), segment('a', 1, 0, 10)];
  assert.deepEqual(gaps(log, 0, 30), [[10, 15, 'capture was not running']]);
  assert.deepEqual(gaps(log, 12, 13), [[12, 13, 'capture was not running']]);
  assert.deepEqual(gaps(log, 2, 9), []);
  assert.deepEqual(holes(log), []);
});

test('runs that overlap cover for each other', () => {
  assert.deepEqual(gaps([segment('a', 1, 0, 10), segment('b', 1, 5, 30), segment('c', 1, 8, 9)], 0, 30), []);
});

test('a segment that is missing in the middle of a run is named', () => {
  const log = [segment('a', 1, 0, 10), segment('a', 4, 20, 30)];
  assert.deepEqual(holes(log), [[10, 20, 2]]);
  const [gap] = gaps(log, 0, 30);
  assert.deepEqual(gap?.slice(0, 2), [10, 20]);
  assert.match(gap?.[2] ?? '', /2 segments are missing between .*-1\.trace\.zst and .*-4\.trace\.zst/);
});

test('a segment that is missing beside one that was renamed is told, and no more than that', () => {
  const renamed = (start: number, end: number) =>
    segment('a', 0, start, end, { number: undefined, name: 'monday.trace.zst' });
  const log = [segment('a', 1, 0, 10), renamed(12, 14), segment('a', 4, 20, 30)];
  assert.deepEqual(holes(log), [[10, 20, 1]]);
  const found = gaps(log, 0, 30).map(([start, end]) => [start, end]);
  assert.deepEqual(found, [
    [10, 12],
    [14, 20],
  ]);
  assert.deepEqual(holes([segment('a', 1, 0, 10), renamed(10, 20), segment('a', 3, 20, 30)]), []);
  assert.deepEqual(holes([renamed(0, 10), segment('a', 3, 20, 30), renamed(30, 40)]), []);
});

test('before the first record and after the last one', () => {
  assert.deepEqual(gaps([segment('a', 1, 10, 20)], 0, 30), [
    [0, 10, 'before the log begins'],
    [20, 30, 'after the end of the log'],
  ]);
  assert.deepEqual(gaps([segment('a', 1, 10, 20)], 40, 50), [[40, 50, 'after the end of the log']]);
  assert.deepEqual(gaps([segment('a', 1, 10, 20)], 0, 5), [[0, 5, 'before the log begins']]);
});

test('a segment in the middle that lacks its end is a hole up to the next one', () => {
  const log = [segment('a', 1, 0, 10), segment('a', 2, 10, 14, OPEN), segment('a', 3, 20, 30)];
  assert.deepEqual(holes(log), [[14, 20, 1]]);
  const [gap] = gaps(log, 0, 30);
  assert.deepEqual(gap?.slice(0, 2), [14, 20]);
  assert.match(gap?.[2] ?? '', /-2\.trace\.zst is cut off after/);
});

test('a run that was not closed is unknown behind its last block, or behind the last sign of life', () => {
  const log = [segment('a', 1, 0, 10, OPEN), segment('b', 1, 50, 60)];
  assert.deepEqual(holes(log), [[10, undefined, 1]]);
  assert.deepEqual(gaps(log, 0, 60), [[10, 50, 'capture was not running']]);
  const alive = [{ runId: 'a', sinceUnixNs: 40n, untilUnixNs: 40n, isEnded: false }];
  assert.deepEqual(holes(log, alive), [[40, undefined, 1]]);
  assert.deepEqual(gaps(log, 0, 60, alive), [[40, 50, 'capture was not running']]);
});

test('a run that ended in order though it could not tell all leaves no hole', () => {
  const alive = [{ runId: 'a', sinceUnixNs: 12n, untilUnixNs: 12n, isEnded: true }];
  assert.deepEqual(holes([segment('a', 1, 0, 10)], alive), []);
});

test('a run that died is unknown from its last block to its end, whatever runs beside and behind it', () => {
  const beside = [segment('b', 1, 0, 90), segment('c', 1, 41, 90)];
  const log = [segment('a', 1, 0, 10, OPEN), ...beside];
  const ended = [{ runId: 'a', sinceUnixNs: 40n, untilUnixNs: 40n, isEnded: true }];
  assert.deepEqual(holes(log, ended), [[10, 40, 1]]);
  assert.deepEqual(gaps(log, 0, 90, ended), []);
});

test('a segment that can not be read is a hole wherever it stands', () => {
  const lost = { isClosed: false, isReadable: false };
  assert.deepEqual(holes([segment('a', 1, 0, 10), segment('a', 2, 10, 10, lost)]), [[10, undefined, 1]]);
  const inside = [segment('a', 1, 0, 10), segment('a', 2, 10, 10, lost), segment('a', 3, 20, 30)];
  assert.deepEqual(holes(inside), [[10, 20, 1]]);
});

test('retention explains what is missing in front of all others, and nothing else', () => {
  assert.deepEqual(holes([segment('a', 7, 10, 20)]), []);
  assert.deepEqual(holes([segment('b', 1, 0, 5), segment('a', 7, 10, 20)]), [[5, 10, 6]]);
  assert.deepEqual(holes([segment('b', 3, 0, 15), segment('a', 7, 10, 20)]), []);
});

test('a writing thread that takes over counts on from a number of its own', () => {
  const run = (first: number, second: number, changes = {}) =>
    holes([segment('a', first, 0, 10, changes), segment('a', second, 10, 20)]);
  // The old thread died with its segment open: what it lost the next block tells, but nobody can be sure.
  assert.deepEqual(run(3, 100_001, OPEN), [[10, 10, 1]]);
  assert.deepEqual(run(3, 100_003, OPEN), [
    [10, 10, 1],
    [10, 10, 2],
  ]);
  assert.deepEqual(run(100_001, 100_002), []);
});

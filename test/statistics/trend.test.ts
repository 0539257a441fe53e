import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectiveCount, lagOneAutocorrelation } from '../../src/statistics/autocorrelation.ts';
import { meanBounds } from '../../src/statistics/mean-bounds.ts';
import { normalQuantile, twoSidedP } from '../../src/statistics/normal.ts';
import { studentQuantile, twoSidedStudentP } from '../../src/statistics/student.ts';
import { type Point, trendOf } from '../../src/statistics/trend.ts';
import { SeededStream } from '../../src/workload/streams/seeded-stream.ts';

/** Normal draws. */
function noise(seed: number, count: number): number[] {
  const stream = new SeededStream(seed, 'noise');
  return Array.from({ length: count }, (_, i) =>
    normalQuantile(Math.min(1 - 1e-9, stream.uniform(i, 0) + 1e-9)),
  );
}

/** Each keeps `r` of the one before. */
function resembling(seed: number, count: number, r: number): number[] {
  let before = 0;
  return noise(seed, count).map((each) => {
    before = r * before + each * Math.sqrt(1 - r * r);
    return before;
  });
}

const points = (values: readonly number[]): Point[] => values.map((value, at) => ({ at, value }));

test('normal and t quantiles are those of the tables', () => {
  assert.ok(Math.abs(normalQuantile(0.975) - 1.959964) < 1e-6);
  assert.ok(Math.abs(normalQuantile(0.001) + 3.090232) < 1e-6);
  assert.ok(Math.abs(twoSidedP(1.959964) - 0.05) < 1e-6);
  for (const [degrees, t] of [
    [1, 12.706],
    [2, 4.303],
    [5, 2.571],
    [10, 2.228],
    [30, 2.042],
  ] as const) {
    assert.ok(Math.abs(studentQuantile(0.975, degrees) / t - 1) < 1e-3, `t of ${degrees}`);
    assert.ok(Math.abs(twoSidedStudentP(t, degrees) - 0.05) < 1e-3);
  }
});

test('values that resemble their neighbours are worth fewer', () => {
  const r = lagOneAutocorrelation(resembling(3, 4000, 0.6));
  assert.ok(Math.abs(r - 0.6) < 0.05, `${r}`);
  assert.equal(effectiveCount(100, 0), 100);
  assert.equal(effectiveCount(100, 0.5), 100 / 3);
  assert.equal(effectiveCount(100, -0.5), 100, 'never more than there are');
  assert.equal(lagOneAutocorrelation([1, 1, 1, 1]), 0);
  assert.equal(lagOneAutocorrelation(Array.from({ length: 50 }, () => 0.02)), 0, 'nor is a rounded mean');
});

test('a mean lies within its bounds as often as they promise, also where neighbours resemble each other', () => {
  for (const r of [0, 0.5]) {
    const held = Array.from({ length: 300 }, (_, seed) =>
      meanBounds(resembling(seed + 1, 120, r), 0.95),
    ).filter(({ low, high }) => low <= 0 && high >= 0).length;
    assert.ok(held >= 270, `${held} of 300 with r = ${r}`);
  }
  assert.equal(meanBounds([5], 0.95).high, Number.POSITIVE_INFINITY);
});

test('a trend is found with its slope, outliers and a jump at either end or not', () => {
  const rising = noise(11, 300).map((each, i) => 0.05 * i + each);
  rising[0] = 1000;
  rising[299] = -1000;
  const found = trendOf(points(rising), 0.95);
  assert.ok(found !== undefined && found.p < 1e-6);
  assert.ok(found.bounds.low < 0.05 && 0.05 < found.bounds.high && found.bounds.low > 0.04);
});

test('what wanders without a trend is hardly ever called one', () => {
  let alarms = 0;
  for (let seed = 1; seed <= 100; seed += 1) {
    const { p = 1 } = trendOf(points(resembling(seed, 200, 0.7)), 0.95) ?? {};
    if (p < 0.01) alarms += 1;
  }
  assert.ok(alarms <= 4, `${alarms} of 100 at 1 %`);
});

test('an hour of seconds is looked at in parts, and a trend of all is that of the parts', () => {
  const found = trendOf(points(noise(5, 3600).map((each, i) => 0.001 * i + each)), 0.95);
  assert.ok(found !== undefined && Math.abs(found.slope - 0.001) < 1e-4);
  assert.equal(trendOf(points([1, 2, 3]), 0.95), undefined);
  assert.equal(trendOf(points(Array.from({ length: 50 }, () => 7)), 0.95)?.p, 1);
});

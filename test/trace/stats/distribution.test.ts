import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBlockStats } from '../../../src/trace/stats/block-stats.ts';
import { decodeBlockStats } from '../../../src/trace/stats/block-stats-decoder.ts';
import { encodeBlockStats } from '../../../src/trace/stats/block-stats-encoder.ts';
import {
  addValue,
  bucketMiddle,
  bucketOf,
  coefficientOfVariation,
  createDistribution,
  mergeDistribution,
  percentile,
} from '../../../src/trace/stats/distribution.ts';
import fc from '../../support/fast-check.ts';

const values = fc.oneof(fc.nat({ max: 200 }), fc.maxSafeNat(), fc.nat());

function distributionOf(list: readonly number[]) {
  const distribution = createDistribution();
  for (const value of list) addValue(distribution, value);
  return distribution;
}

test('the bucket rule of the specification', () => {
  const cases = [
    [0, 0],
    [1, 1],
    [63, 63],
    [64, 64],
    [65, 64],
    [66, 65],
    [127, 95],
    [128, 96],
    [1000, 190],
    [2 ** 31, 864],
    [2 ** 32, 896],
    [2 ** 53 - 1, 1567],
  ];
  for (const [value, bucket] of cases) assert.equal(bucketOf(value ?? 0), bucket, `${value}`);
});

test('buckets grow with the value, and their middle is within 1.6 %', () => {
  fc.assert(
    fc.property(values, values, (a, b) => {
      const [low, high] = a < b ? [a, b] : [b, a];
      assert.ok(bucketOf(low) <= bucketOf(high));
      assert.equal(bucketOf(Math.floor(bucketMiddle(bucketOf(a)))), bucketOf(a));
      assert.ok(Math.abs(bucketMiddle(bucketOf(a)) - a) <= a * 0.016);
    }),
  );
});

test('merging equals adding, and the wire changes nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.nat()), fc.array(fc.nat()), (a, b) => {
      const merged = distributionOf(a);
      mergeDistribution(merged, distributionOf(b));
      const together = distributionOf([...a, ...b]);
      assert.deepEqual(new Map([...merged.buckets].sort()), new Map([...together.buckets].sort()));
      assert.deepEqual([merged.count, merged.min, merged.max], [together.count, together.min, together.max]);
      const wire = encodeBlockStats({ ...createBlockStats(), gaps: merged }, []);
      const again = decodeBlockStats(wire).stats.gaps;
      assert.deepEqual({ ...again, buckets: new Map() }, { ...merged, buckets: new Map() });
      assert.deepEqual(
        [...again.buckets],
        [...merged.buckets].sort((x, y) => x[0] - y[0]),
      );
    }),
  );
});

test('percentiles are those of the sorted values, within the width of a bucket', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(), { minLength: 1 }),
      fc.double({ min: 0, max: 100, noNaN: true }),
      (list, percent) => {
        const sorted = [...list].sort((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil((percent / 100) * list.length)) - 1] ?? 0;
        const found = percentile(distributionOf(list), percent) ?? -1;
        assert.ok(Math.abs(found - exact) <= exact * 0.016, `${found} for ${exact}`);
      },
    ),
  );
  assert.equal(percentile(createDistribution(), 50), undefined);
  assert.equal(percentile(distributionOf([3, 1_000_001]), 100), 1_000_001);
});

test('the coefficient of variation tells even from bursty', () => {
  assert.equal(coefficientOfVariation(distributionOf([5, 5, 5])), 0);
  assert.equal(coefficientOfVariation(distributionOf([0, 10])), 1);
  assert.equal(coefficientOfVariation(createDistribution()), undefined);
});

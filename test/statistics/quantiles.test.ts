import assert from 'node:assert/strict';
import { test } from 'node:test';
import { binomialAtMost, binomialQuantile } from '../../src/statistics/binomial.ts';
import { neededOperations } from '../../src/statistics/needed-operations.ts';
import { proportionBounds } from '../../src/statistics/proportion-bounds.ts';
import { quantileRanks } from '../../src/statistics/quantile-ranks.ts';
import { SeededStream } from '../../src/workload/streams/seeded-stream.ts';
import fc from '../support/fast-check.ts';

test('a percentile needs as many operations as the published rule says', () => {
  const quantiles = [0.99, 0.999, 0.9999];
  assert.deepEqual(
    quantiles.map((p) => neededOperations(p)),
    [299, 2995, 29_956],
  );
  assert.deepEqual(
    quantiles.map((p) => neededOperations(p, 0.99)),
    [459, 4603, 46_050],
  );
});

test('the binomial is its sum, term by term', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.nat({ max: 60 }),
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      (n, k, p) => {
        assert.ok(Math.abs(binomialAtMost(k, n, p) - summed(Math.min(k, n), n, p)) < 1e-10);
      },
    ),
  );
});

test('a quantile of the binomial is the first count that is likely enough', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.constantFrom(0.5, 0.9, 0.99),
      fc.constantFrom(0.025, 0.5, 0.975),
      (n, p, wanted) => {
        const k = binomialQuantile(wanted, n, p);
        assert.ok(binomialAtMost(k, n, p) >= wanted);
        assert.ok(k === 0 || binomialAtMost(k - 1, n, p) < wanted);
      },
    ),
  );
  // Of a thousand million tries too, where sums would take hours: within what the normal approximation says.
  const spread = Math.sqrt(1e9 * 0.99 * 0.01);
  assert.ok(Math.abs(binomialQuantile(0.975, 1e9, 0.99) - (0.99e9 + 1.96 * spread)) < 0.02 * spread);
});

test('the ranks around a quantile hold it as often as they promise', () => {
  const stream = new SeededStream(7, 'ranks');
  const n = 600;
  const { low, high } = quantileRanks(0.95, n, 0.95);
  assert.ok(high !== undefined);
  let held = 0;
  for (let sample = 0; sample < 400; sample += 1) {
    const below = Array.from({ length: n }, (_, i) => stream.uniform(sample, i)).filter(
      (u) => u < 0.95,
    ).length;
    // The quantile lies between two order statistics where at least `low` and fewer than `high` values are below it.
    if (below >= low * n && below < high * n) held += 1;
  }
  assert.ok(held >= 370, `${held} of 400`);
});

test('a quantile that too few operations carry has no upper bound', () => {
  assert.equal(quantileRanks(0.99, 200, 0.95).high, undefined);
  assert.ok(quantileRanks(0.99, 1000, 0.95).high !== undefined);
});

test("a share's bounds are Wilson's", () => {
  const { low, high } = proportionBounds(10, 100, 0.95);
  assert.ok(Math.abs(low - 0.0552) < 1e-4 && Math.abs(high - 0.1744) < 1e-4, `${low} to ${high}`);
  const none = proportionBounds(0, 3000, 0.95);
  assert.equal(none.low, 0);
  assert.ok(
    none.high > 0.001 && none.high < 0.0015,
    'no error in 3,000 does not show an error rate below 0.1 %',
  );
  assert.deepEqual(proportionBounds(0, 0, 0.95), { low: 0, high: 1 });
});

function summed(k: number, n: number, p: number): number {
  let term = (1 - p) ** n;
  let sum = term;
  for (let i = 1; i <= k; i += 1) {
    term *= ((n - i + 1) / i) * (p / (1 - p));
    sum += term;
  }
  return sum;
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as hdr from 'hdr-histogram-js';
import { decodeHistogram } from '../../../src/results/histogram/hdr-library.ts';
import { HIGHEST_NS, Histogram } from '../../../src/results/histogram/histogram.ts';
import fc from '../../support/fast-check.ts';

const PERCENTILES = [0, 1, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 100];

/** Nearest-rank percentile of sorted values. */
function exact(sorted: readonly number[], percentile: number): number {
  const rank = Math.max(1, Math.ceil((percentile / 100) * sorted.length));
  return sorted[rank - 1] as number;
}

function of(values: readonly number[], options = {}): Histogram {
  const histogram = new Histogram(options);
  for (const value of values) histogram.record(value);
  return histogram;
}

const anyNs = fc.oneof(
  fc.integer({ min: 0, max: 5000 }),
  fc.integer({ min: 0, max: 2 ** 31 }),
  fc.double({ min: 0, max: HIGHEST_NS, noNaN: true }).map(Math.round),
);

describe('Histogram', () => {
  it('agrees with sorted samples to three digits', () => {
    fc.assert(
      fc.property(fc.array(anyNs, { minLength: 1, maxLength: 300 }), (values) => {
        const histogram = of(values);
        const sorted = values.toSorted((a, b) => a - b);
        for (const percentile of PERCENTILES) {
          const want = exact(sorted, percentile);
          const got = histogram.percentileNs(percentile) as number;
          // One unit of resolution (512 ns) or a thousandth, whichever is more.
          assert.ok(
            Math.abs(got - want) <= Math.max(512, want / 1000),
            `p${percentile}: ${got}, not ${want}`,
          );
        }
        assert.equal(histogram.minNs, sorted[0]);
        assert.equal(histogram.maxNs, sorted.at(-1));
        assert.equal(histogram.count, values.length);
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        assert.ok(Math.abs((histogram.meanNs as number) - mean) <= 1e-9 * mean + 1e-9);
      }),
      { seed: 1 },
    );
  });

  it('never reports a percentile above the maximum or below a lower percentile', () => {
    fc.assert(
      fc.property(fc.array(anyNs, { minLength: 1, maxLength: 50 }), (values) => {
        const histogram = of(values);
        const got = PERCENTILES.map((percentile) => histogram.percentileNs(percentile) as number);
        assert.deepEqual(
          got,
          got.toSorted((a, b) => a - b),
        );
        assert.ok((got.at(-1) as number) <= (histogram.maxNs as number));
      }),
      { seed: 2 },
    );
  });

  it('clamps what lies outside visibly and drops nothing', () => {
    const histogram = of([-5, Number.NaN, 1000, 2 * HIGHEST_NS, 10 * HIGHEST_NS]);
    assert.equal(histogram.count, 5);
    assert.equal(histogram.clampedBelow, 2);
    assert.equal(histogram.clampedAbove, 2);
    assert.equal(histogram.maxNs, 10 * HIGHEST_NS);
    assert.ok((histogram.percentileNs(99) as number) >= HIGHEST_NS);
  });

  it('has no numbers while it is empty', () => {
    const histogram = new Histogram();
    const all = [histogram.minNs, histogram.maxNs, histogram.meanNs, histogram.percentileNs(50)];
    assert.deepEqual(all, [undefined, undefined, undefined, undefined]);
    assert.equal(decodeHistogram(histogram.encode()).count, 0);
  });

  it('adds up, frozen or not, as if recorded in one', () => {
    const lists = fc.array(fc.array(anyNs, { maxLength: 40 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(lists, fc.constantFrom(2, 3), (parts, digits) => {
        const whole = of(parts.flat(), { digits });
        const sum = new Histogram({ digits });
        parts.forEach((part, i) => {
          if (i % 2 === 0) sum.add(of(part, { digits }));
          else sum.addFrozen(of(part, { digits }).freeze());
        });
        assert.deepEqual({ ...sum.freeze(), sumNs: 0 }, { ...whole.freeze(), sumNs: 0 });
        for (const percentile of PERCENTILES) {
          assert.equal(sum.percentileNs(percentile), whole.percentileNs(percentile));
        }
      }),
      { seed: 3 },
    );
  });

  it('fills the buckets the library would', () => {
    const options = fc.record({ digits: fc.constantFrom(1, 2, 3), lowestNs: fc.constantFrom(1, 1000) });
    const edges = fc.nat(41).chain((power) => fc.constantFrom(2 ** power - 1, 2 ** power, 2 ** power + 1));
    fc.assert(
      fc.property(
        fc.array(fc.oneof(anyNs, edges), { minLength: 1, maxLength: 60 }),
        options,
        (values, given) => {
          const library = new hdr.Float64Histogram(given.lowestNs, 2 * given.lowestNs, given.digits);
          library.autoResize = true;
          for (const value of values) library.recordValue(value);
          const { indexes, counts } = of(values, given).freeze();
          const expected = [...Array(library.countsArrayLength).keys()].filter(
            (i) => library.getCountAtIndex(i) > 0,
          );
          assert.deepEqual([...indexes], expected);
          assert.deepEqual(
            [...counts],
            expected.map((i) => library.getCountAtIndex(i)),
          );
        },
      ),
      { seed: 5, numRuns: 200 },
    );
  });

  it('is encoded byte for byte as the library encodes one with the same counts', () => {
    const wide = fc.oneof(anyNs, fc.constantFrom(0, 1, 2047, 2048, HIGHEST_NS));
    const values = fc.array(fc.tuple(wide, fc.constantFrom(1, 1, 1, 64, 5000, 2 ** 33)), { maxLength: 40 });
    fc.assert(
      fc.property(values, fc.constantFrom(1, 2, 3), fc.constantFrom(1, 1000), (counted, digits, lowestNs) => {
        const own = new Histogram({ digits, lowestNs });
        const library = hdr.build({
          ...{ lowestDiscernibleValue: lowestNs, highestTrackableValue: 2 * lowestNs },
          ...{ numberOfSignificantValueDigits: digits, bitBucketSize: 64, autoResize: true },
        });
        for (const [valueNs, count] of counted) {
          const frozen = of([valueNs], { digits, lowestNs }).freeze();
          own.addFrozen({ ...frozen, counts: Float64Array.of(count), count });
          // As buckets have it: of 1 the library believes that the next bucket is in use.
          library.recordValueWithCount((library as hdr.JsHistogram).lowestEquivalentValue(valueNs), count);
        }
        assert.equal(own.encode(), hdr.encodeIntoCompressedBase64(library));
      }),
      { seed: 6, numRuns: 100 },
    );
  });

  it('survives its encoding', () => {
    fc.assert(
      fc.property(fc.array(anyNs, { minLength: 1, maxLength: 60 }), (values) => {
        const histogram = new Histogram();
        histogram.add(of(values)); // through the path the library does not know of
        const read = decodeHistogram(histogram.encode());
        assert.equal(read.count, values.length);
        const sorted = values.toSorted((a, b) => a - b);
        for (const percentile of PERCENTILES.slice(1)) {
          const want = exact(sorted, percentile);
          const difference = Math.abs(read.percentileNs(percentile) - want);
          assert.ok(difference <= Math.max(1024, want / 1000), `p${percentile}: off by ${difference}`);
        }
      }),
      { seed: 4, numRuns: 50 },
    );
  });
});

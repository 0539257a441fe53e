import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ArrivalStatistics } from '../../../src/results/arrivals/arrival-statistics.ts';
import { DispersionCounter } from '../../../src/results/arrivals/dispersion.ts';
import { distributionDistance } from '../../../src/results/arrivals/distance.ts';
import { PlanOrder } from '../../../src/results/arrivals/plan-order.ts';
import { Histogram } from '../../../src/results/histogram/histogram.ts';
import { DriftLine } from '../../../src/results/tally/drift.ts';
import fc from '../../support/fast-check.ts';

function of(values: readonly number[]): Histogram {
  const histogram = new Histogram({ lowestNs: 1 });
  for (const value of values) histogram.record(value);
  return histogram;
}

/** KS and W1 from the definitions, on samples. */
function bruteForce(a: readonly number[], b: readonly number[]): { ks: number; w1: number } {
  const points = [...new Set([...a, ...b])].sort((x, y) => x - y);
  const share = (values: readonly number[], at: number) =>
    values.filter((v) => v <= at).length / values.length;
  let ks = 0;
  let w1 = 0;
  points.forEach((point, i) => {
    const difference = Math.abs(share(a, point) - share(b, point));
    ks = Math.max(ks, difference);
    w1 += difference * ((points[i + 1] ?? point) - point);
  });
  return { ks, w1 };
}

describe('distributionDistance', () => {
  // Below 2048 the histogram has a bucket for every ns, so there is nothing to approximate.
  const exactNs = fc.integer({ min: 0, max: 2000 });

  it('is KS and W1 by definition', () => {
    const samples = fc.array(exactNs, { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(samples, samples, (a, b) => {
        const want = bruteForce(a, b);
        const got = distributionDistance(of(a), of(b));
        assert.ok(Math.abs((got?.ks ?? -1) - want.ks) < 1e-9);
        assert.ok(Math.abs((got?.w1 ?? -1) - want.w1) < 1e-6 * (1 + want.w1));
      }),
      { seed: 1 },
    );
  });

  it('is within a thousandth for gaps of any size', () => {
    const samples = fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(samples, samples, (a, b) => {
        const want = bruteForce(a, b);
        const got = distributionDistance(of(a), of(b));
        const largest = Math.max(...a, ...b);
        assert.ok(Math.abs((got?.w1 ?? -1) - want.w1) <= 2e-3 * largest + 1);
      }),
      { seed: 2 },
    );
  });

  it('is undefined when one side is empty', () => {
    assert.equal(distributionDistance(of([]), of([1])), undefined);
    assert.equal(distributionDistance(of([1]), of([])), undefined);
  });
});

describe('DispersionCounter', () => {
  it('does not take the part of a window at the end for a hole', () => {
    const indexOf = (count: number, shiftNs: number): number => {
      const counter = new DispersionCounter(100e6);
      for (let i = 0; i < count; i++) counter.add(i * 1e6 + (i === count - 1 ? shiftNs : 0));
      return counter.index as number;
    };
    // The last of a metronome falls into the tenth window, or a moment later into an eleventh.
    assert.deepEqual([indexOf(1000, 0), indexOf(1050, 0)], [0, 0]);
    assert.ok(indexOf(1000, 1.5e6) < 0.01, `${indexOf(1000, 1.5e6)}`);
  });

  it('is variance over mean of the counts', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(gaps, (list) => {
        const counter = new DispersionCounter(10);
        const windows = new Map<number, number>();
        let at = 0;
        counter.add(1_000_003);
        windows.set(0, 1);
        for (const gap of list) {
          at += gap;
          counter.add(1_000_003 + at);
          windows.set(Math.floor(at / 10), (windows.get(Math.floor(at / 10)) ?? 0) + 1);
        }
        const counts = Array.from({ length: Math.floor(at / 10) }, (_, i) => windows.get(i) ?? 0);
        const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
        const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length;
        if (counts.length < 2) assert.equal(counter.index, undefined);
        else assert.ok(Math.abs((counter.index as number) - variance / mean) < 1e-9);
      }),
      { seed: 3 },
    );
  });

  it('is 0 for a metronome and far above 1 for lumps', () => {
    const metronome = new ArrivalStatistics();
    const lumps = new ArrivalStatistics();
    for (let i = 0; i < 1000; i++) {
      metronome.add(i * 1e6);
      lumps.add(Math.floor(i / 100) * 100e6);
    }
    assert.equal(metronome.dispersion10Ms, 0);
    assert.ok((lumps.dispersion10Ms as number) > 50);
    assert.equal(metronome.spanNs, 999e6);
  });
});

describe('DriftLine', () => {
  it('is the same wherever the clock stands', () => {
    const slopeAt = (originNs: number): number | undefined => {
      const line = new DriftLine();
      for (let i = 0; i < 500; i += 1) line.add(originNs + i * 7, (i * i) % 1e6);
      return line.slopeUsPerSecond;
    };
    assert.equal(slopeAt(1e15), slopeAt(0));
  });

  it('finds the slope of a line', () => {
    const line = new DriftLine();
    for (let i = 0; i < 100; i++) line.add(i * 1e9, 5000 + i * 2000);
    assert.ok(Math.abs((line.slopeUsPerSecond as number) - 2) < 1e-9);
  });

  it('has none below two due times', () => {
    const line = new DriftLine();
    assert.equal(line.slopeUsPerSecond, undefined);
    line.add(1, 5);
    line.add(1, 7);
    assert.equal(line.slopeUsPerSecond, undefined);
  });
});

describe('PlanOrder', () => {
  it('puts any order back into the order of the plan', () => {
    const shuffled = fc.integer({ min: 1, max: 3000 }).chain((n) =>
      fc.shuffledSubarray(
        Array.from({ length: n }, (_, i) => i),
        { minLength: n, maxLength: n },
      ),
    );
    fc.assert(
      fc.property(shuffled, (numbers) => {
        const due: number[] = [];
        const order = new PlanOrder((dueNs) => due.push(dueNs));
        for (const number of numbers) {
          if (number % 7 === 3) order.leaveOut(number);
          else order.put(number, number * 10);
        }
        const want = numbers.filter((number) => number % 7 !== 3).sort((a, b) => a - b);
        assert.deepEqual(
          due,
          want.map((number) => number * 10),
        );
        assert.equal(order.next, numbers.length);
        assert.equal(order.missing, 0);
      }),
      { seed: 4, numRuns: 30 },
    );
  });

  it('goes on without one that never comes, and counts it', () => {
    const due: number[] = [];
    const order = new PlanOrder((dueNs) => due.push(dueNs), 100);
    for (let number = 1; number < 500; number++) order.put(number, number);
    assert.equal(order.missing, 1);
    assert.deepEqual(due.slice(0, 2), [1, 2]);
    assert.equal(due.length, 499);
  });

  it('is not dragged along by what lies too far ahead', () => {
    const order = new PlanOrder(() => {}, 100);
    order.leaveOut(5000);
    assert.equal(order.next, 0);
    assert.equal(order.missing, 0);
  });
});

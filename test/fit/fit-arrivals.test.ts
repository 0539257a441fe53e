import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BinnedArrivals } from '../../src/fit/binned-arrivals.ts';
import { fitArrivals } from '../../src/fit/fit-arrivals.ts';
import { Histogram } from '../../src/results/histogram/histogram.ts';
import type { ArrivalSpec, MadeArrivals } from '../../src/workload/arrivals/arrival-spec.ts';
import { arrivalTimes, meanGapSize } from '../../src/workload/arrivals/arrival-times.ts';

/** Fits the arrivals that a known process makes in so many seconds. */
function fitted(spec: MadeArrivals, seed: number, seconds: number): ArrivalSpec {
  const counts = new BinnedArrivals();
  const gaps = new Histogram({ lowestNs: 1 });
  let [lastNs, count, sum, squares] = [0, 0, 0, 0];
  for (const list of arrivalTimes(spec, seed, seconds * 1e9)) {
    for (const startNs of list) {
      counts.add(startNs);
      const gapNs = startNs - lastNs;
      if (count++ > 0) {
        gaps.record(gapNs);
        sum += gapNs;
        squares += gapNs * gapNs;
      }
      lastNs = startNs;
    }
  }
  counts.endAt(seconds * 1e9);
  const mean = sum / (count - 1);
  const variation = Math.sqrt(Math.max(0, squares / (count - 1) - mean * mean)) / mean;
  return (
    fitArrivals(counts, variation, { sizes: gaps, resolutionNs: 1 })[0]?.model.spec ??
    assert.fail('nothing was fitted')
  );
}

const within = (found: number, wanted: number, what: string) =>
  assert.ok(Math.abs(found / wanted - 1) < 0.1, `${what}: ${found}, not ${wanted}`);

function assertNear(found: ArrivalSpec, wanted: MadeArrivals): void {
  assert.equal(found.pattern, wanted.pattern, JSON.stringify(found));
  for (const [name, value] of Object.entries(wanted))
    if (typeof value === 'number')
      within((found as unknown as Record<string, number>)[name] ?? NaN, value, name);
}

describe('an arrival process is found again in what it made', () => {
  for (const [seed, burstNs] of [
    [1, 1e9],
    [2, 0.5e9],
    [3, 4e9],
  ] as const) {
    it(`poisson, seed ${seed}`, () => {
      const spec = { pattern: 'poisson', rate: 80 } as const;
      assertNear(fitted(spec, seed, 120), spec);
    });

    it(`bursty, seed ${seed}`, () => {
      const spec = {
        pattern: 'bursty',
        meanRate: 20,
        burstFactor: 6,
        burstProbability: 0.3,
        burstNs,
      } as const;
      assertNear(fitted(spec, seed, 1500 * (burstNs / 1e9)), spec);
    });

    it(`a Markov-modulated process, seed ${seed}`, () => {
      const spec = {
        pattern: 'mmpp',
        lowRate: 40,
        highRate: 320,
        lowNs: 2 * burstNs,
        highNs: burstNs,
      } as const;
      assertNear(fitted(spec, seed, 1500 * (burstNs / 1e9)), spec);
    });

    it(`periodic, seed ${seed}`, () => {
      const spec = { pattern: 'periodic', baseRate: 60, amplitude: 40, periodNs: 37e9 } as const;
      assertNear(fitted(spec, seed, 600), spec);
    });
  }

  it('constant', () => {
    const spec = { pattern: 'constant', rate: 250 } as const;
    assertNear(fitted(spec, 1, 20), spec);
  });

  it('gaps that no process with a rate over time has', () => {
    const gapShares = [0, 0.4, 0.5, 1];
    const spec = { pattern: 'gaps', rate: 50, gapShares, gapSizes: [0.05, 0.1, 1.5, 2.2] } as const;
    const found = fitted(spec, 4, 200);
    assert.ok(found.pattern === 'gaps', JSON.stringify(found));
    within(found.rate, 50, 'rate');
    // The sizes at the shares of the process, relative to the mean gap, which is 1 here and there.
    const sizeAt = (share: number) =>
      found.gapSizes[found.gapShares.findIndex((each) => each >= share)] as number;
    const scale = meanGapSize(gapShares, spec.gapSizes);
    within(sizeAt(0.4), 0.1 / scale, 'a short gap');
    within(sizeAt(0.75), 1.85 / scale, 'a long gap');
  });

  it('steps, each with its rate', () => {
    const rates = [20, 200, 60, 120];
    const stages = rates.map((rate) => ({ durationNs: 30e9, rate }));
    const found = fitted({ pattern: 'steps', startRate: 0, stages }, 5, 120);
    assert.ok(found.pattern === 'steps' && found.stages.length === 4, JSON.stringify(found));
    found.stages.forEach(({ rate, durationNs }, i) => {
      within(rate, rates[i] as number, `stage ${i}`);
      assert.equal(durationNs, 30e9);
    });
  });

  it('a long recording has wider bins, and loses none of its arrivals', () => {
    const counts = new BinnedArrivals();
    for (let hour = 0; hour < 24; hour++) for (let i = 0; i < 100; i++) counts.add(hour * 3600e9 + i * 7e6);
    assert.equal(counts.total, 2400);
    assert.equal(
      counts.counts.reduce((sum, count) => sum + count, 0),
      2400,
    );
    assert.ok(counts.counts.length <= 2 ** 20 && counts.widthNs >= 50e6, `${counts.widthNs}`);
  });
});

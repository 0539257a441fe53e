import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyRecord } from '../../../src/trace/record/record.ts';
import type { ArrivalSpec, MadeArrivals } from '../../../src/workload/arrivals/arrival-spec.ts';
import { arrivalTimes } from '../../../src/workload/arrivals/arrival-times.ts';
import { plannedRate } from '../../../src/workload/arrivals/planned-rate.ts';
import { traceArrivals } from '../../../src/workload/arrivals/trace-arrivals.ts';

const SECOND = 1e9;

function timesOf(spec: MadeArrivals, secs: number, seed = 11): number[] {
  return [...arrivalTimes(spec, seed, secs * SECOND)].flatMap((list) => [...list]);
}

/** The largest distance of the sorted values from a cumulative distribution, and what 0.1 % of samples exceed. */
function kolmogorov(values: number[], cumulative: (value: number) => number): { ks: number; limit: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  const ks = sorted.reduce((most, value, i) => {
    const at = cumulative(value);
    return Math.max(most, Math.abs(at - i / n), Math.abs((i + 1) / n - at));
  }, 0);
  return { ks, limit: 1.95 / Math.sqrt(n) };
}

function countsOf(times: number[], widthNs: number, secs: number): number[] {
  const counts = new Array<number>(Math.round((secs * SECOND) / widthNs)).fill(0);
  for (const ns of times) counts[Math.floor(ns / widthNs)] = (counts[Math.floor(ns / widthNs)] ?? 0) + 1;
  return counts;
}

/** Variance over mean of the counts. */
function dispersion(counts: number[]): number {
  const mean = counts.reduce((a, b) => a + b, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length / mean;
}

const gapsOf = (times: number[]): number[] => times.slice(1).map((ns, i) => ns - (times[i] as number));

const EVERY: MadeArrivals[] = [
  { pattern: 'constant', rate: 333 },
  { pattern: 'poisson', rate: 500 },
  { pattern: 'exponential', rate: 500 },
  { pattern: 'periodic_burst', baseRate: 100, burstRate: 1000, burstNs: 3 * SECOND, periodNs: 10 * SECOND },
  { pattern: 'bursty', meanRate: 400, burstFactor: 8, burstProbability: 0.1, burstNs: SECOND },
  { pattern: 'periodic', baseRate: 300, amplitude: 200, periodNs: 20 * SECOND },
  { pattern: 'ramp', startRate: 0, stages: [{ durationNs: 10 * SECOND, rate: 400 }] },
  {
    pattern: 'steps',
    startRate: 0,
    stages: [
      { durationNs: 5 * SECOND, rate: 100 },
      { durationNs: 5 * SECOND, rate: 300 },
    ],
  },
  { pattern: 'mmpp', lowRate: 0, highRate: 900, lowNs: SECOND, highNs: SECOND / 2 },
  { pattern: 'gaps', rate: 300, gapShares: [0, 0.5, 1], gapSizes: [0, 0, 4] },
];

test('times of every pattern are whole ns in order, the same for one seed, and inside the run', () => {
  for (const spec of EVERY) {
    const times = timesOf(spec, 20);
    assert.ok(times.length > 100, spec.pattern);
    assert.ok(
      times.every(
        (ns, i) => Number.isSafeInteger(ns) && ns >= 0 && ns < 20 * SECOND && ns >= (times[i - 1] ?? 0),
      ),
    );
    assert.deepEqual(timesOf(spec, 20), times, spec.pattern);
    // A longer run begins with the shorter one.
    assert.deepEqual(timesOf(spec, 25).slice(0, times.length), times, spec.pattern);
  }
});

test('constant starts operation i at the i-th part of the rate, without drift', () => {
  const times = timesOf({ pattern: 'constant', rate: 15_000 }, 40);
  assert.equal(times.length, 600_000);
  assert.equal(times[599_985], 39.999 * SECOND);
  assert.equal(times[1], 66_667);
  assert.deepEqual(
    timesOf({ pattern: 'constant', rate: 0.5 }, 7),
    [0, 2, 4, 6].map((s) => s * SECOND),
  );
});

test('poisson and exponential are Poisson processes: exponential gaps, dispersion 1', () => {
  for (const pattern of ['poisson', 'exponential'] as const) {
    const times = timesOf({ pattern, rate: 1000 }, 30);
    const { ks, limit } = kolmogorov(gapsOf(times), (ns) => 1 - Math.exp((-ns * 1000) / SECOND));
    assert.ok(ks < limit, `${pattern}: KS ${ks}, limit ${limit}`);
    const index = dispersion(countsOf(times, 1e7, 30));
    assert.ok(Math.abs(index - 1) < 0.1, `${pattern}: dispersion ${index}`);
    assert.ok(Math.abs(times.length / 30_000 - 1) < 0.025);
  }
});

test('periodic_burst opens each period with its burst, evenly', () => {
  const times = timesOf(EVERY[3] as MadeArrivals, 20);
  const counts = countsOf(times, SECOND, 20);
  assert.deepEqual(counts.slice(0, 10), [1000, 1000, 1000, 100, 100, 100, 100, 100, 100, 100]);
  assert.deepEqual(counts.slice(10), counts.slice(0, 10));
});

test('bursty keeps its mean rate, and its bursts are as often and as high as asked', () => {
  const secs = 300;
  const counts = countsOf(timesOf(EVERY[4] as MadeArrivals, secs), SECOND, secs);
  const calm = 400 / (0.9 + 0.1 * 8);
  const bursts = counts.filter((count) => count > calm * 4);
  assert.ok(Math.abs(bursts.length / secs - 0.1) < 0.06, `${bursts.length} bursts`);
  const meanBurst = bursts.reduce((a, b) => a + b, 0) / bursts.length;
  assert.ok(Math.abs(meanBurst / (calm * 8) - 1) < 0.03);
  assert.ok(dispersion(counts) > 50);
});

test('periodic follows its sine', () => {
  const secs = 400;
  const times = timesOf(EVERY[5] as MadeArrivals, secs);
  const phase = countsOf(
    times.map((ns) => ns % (20 * SECOND)),
    SECOND,
    20,
  );
  phase.forEach((count, second) => {
    const turns = (from: number) => Math.cos((2 * Math.PI * from) / 20);
    const expected = 20 * (300 + ((200 * 20) / (2 * Math.PI)) * (turns(second) - turns(second + 1)));
    assert.ok(
      Math.abs(count - expected) < 4.5 * Math.sqrt(expected),
      `second ${second}: ${count} for ${expected}`,
    );
  });
});

test('ramp rises in a straight line, steps jump, and the last rate goes on', () => {
  const ramp = countsOf(timesOf(EVERY[6] as MadeArrivals, 12), SECOND, 12);
  for (const [second, count] of ramp.slice(0, 10).entries()) {
    assert.ok(Math.abs(count - (second + 0.5) * 40) <= 1, `${second}: ${count}`);
  }
  assert.ok(ramp.slice(10).every((count) => Math.abs(count - 400) <= 1));
  const steps = countsOf(timesOf(EVERY[7] as MadeArrivals, 12), SECOND, 12);
  assert.deepEqual(steps, [100, 100, 100, 100, 100, 300, 300, 300, 300, 300, 300, 300]);
});

test('mmpp switches between its rates: the dispersion at every width is that of its definition', () => {
  const secs = 3000;
  const times = timesOf(
    { pattern: 'mmpp', lowRate: 20, highRate: 200, lowNs: SECOND, highNs: SECOND / 2 },
    secs,
  );
  // Fischer, Meier-Hellstern, The Markov-modulated Poisson process cookbook, 1993: leaving low at 1 a second, high at 2.
  const mean = (20 * 2 + 200) / 3;
  const variance = 180 ** 2 * (1 / 3) * (2 / 3);
  assert.ok(Math.abs(times.length / secs / mean - 1) < 0.05, `${times.length / secs}`);
  for (const width of [0.1, 1, 10]) {
    const index = dispersion(countsOf(times, width * SECOND, secs));
    const expected = 1 + ((2 * variance) / (mean * 3)) * (1 - (1 - Math.exp(-3 * width)) / (3 * width));
    assert.ok(Math.abs(index / expected - 1) < 0.15, `${width} s: ${index} for ${expected}`);
  }
});

test('gaps are of the sizes they were given, independent of each other', () => {
  const gapShares = [0, 0.5, 0.6, 1];
  const times = timesOf({ pattern: 'gaps', rate: 100, gapShares, gapSizes: [0.1, 0.2, 2, 3] }, 200);
  const mean = 0.5 * 0.15 + 0.1 * 1.1 + 0.4 * 2.5;
  const found = gapsOf(times).map((ns) => (ns / SECOND) * 100 * mean);
  const { ks, limit } = kolmogorov(found, (size) => {
    if (size < 0.2) return 5 * Math.max(0, size - 0.1);
    return size < 2 ? 0.5 + ((size - 0.2) / 1.8) * 0.1 : Math.min(1, 0.6 + (size - 2) * 0.4);
  });
  assert.ok(ks < limit, `KS ${ks}, limit ${limit}`);
  const average = found.reduce((a, b) => a + b, 0) / found.length;
  const [product, square] = found
    .slice(1)
    .reduce(
      ([p, s], size, i) => [
        p + (size - average) * ((found[i] as number) - average),
        s + (size - average) ** 2,
      ],
      [0, 0] as [number, number],
    );
  assert.ok(Math.abs(product / square) < 3.3 / Math.sqrt(found.length), `${product / square}`);
});

test('the rate that is planned is the one that comes', () => {
  for (const spec of EVERY) {
    const secs = 200;
    const rate = plannedRate(spec, secs * SECOND) ?? 0;
    const seen = timesOf(spec, secs).length / secs;
    assert.ok(Math.abs(seen / rate - 1) < 0.12, `${spec.pattern}: ${seen} for ${rate}`);
  }
  const halfway: ArrivalSpec = {
    pattern: 'ramp',
    startRate: 0,
    stages: [{ durationNs: 10 * SECOND, rate: 100 }],
  };
  assert.equal(plannedRate(halfway, 5 * SECOND), 25);
  assert.equal(plannedRate({ pattern: 'trace', file: 'x' }, SECOND), undefined);
});

test('the times of a recording count from its first record and end with the run', async () => {
  const starts = [
    [500, 600],
    [700, 900],
  ];
  async function* records() {
    for (const batch of starts) yield batch.map((startNs) => ({ ...emptyRecord(), startNs }));
  }
  const all: number[] = [];
  for await (const list of traceArrivals({ records }, 350)) all.push(...list);
  assert.deepEqual(all, [0, 100, 200]);
});

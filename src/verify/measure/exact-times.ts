import { type Expectation, type Expectations, exactly, nearly } from './expectations.ts';
import { bucketsDigest, bucketTopNs, HOUR_NS, type PercentileDigits } from './histogram-buckets.ts';

/** Percentiles of a document by name, in hundredths of a percent. */
const PERCENTILES = {
  p50: 5000,
  p75: 7500,
  p90: 9000,
  p95: 9500,
  p99: 9900,
  'p99.9': 9990,
  'p99.99': 9999,
} as const;

/** A set of times, in ns and ascending. */
export type SortedTimes = Float64Array;

/**
 * Finds a percentile by nearest rank: the smallest value that at least that part of all values is not above, as a
 * histogram holds it. A histogram knows of a time above an hour no more than that, and of any other the end of its
 * bucket.
 */
function percentileNs(
  times: SortedTimes,
  hundredths: number,
  precision: PercentileDigits,
): number | undefined {
  const rank = Math.max(1, Math.ceil((times.length * hundredths) / 10_000));
  const value = times[rank - 1];
  return value === undefined ? undefined : bucketTopNs(value, precision);
}

/** Finds a percentile as a document states it: never outside of the smallest and the largest time, which are exact. */
function statedPercentileNs(
  times: SortedTimes,
  hundredths: number,
  precision: PercentileDigits,
): number | undefined {
  const [ns, min, max] = [percentileNs(times, hundredths, precision), lowest(times), highest(times)];
  if (ns === undefined || min === undefined || max === undefined) return undefined;
  return Math.min(Math.max(ns, min), max);
}

/** Expects the percentiles of these times, in a unit of `unitNs`. */
export function expectPercentiles(times: SortedTimes, unitNs: number): Record<string, Expectation> {
  const values = Object.entries(PERCENTILES).map(([name, hundredths]) => [
    name,
    expectPercentile(times, hundredths, unitNs, { digits: 3 }),
  ]);
  return {
    count: exactly(times.length),
    min: nearlyNs(lowest(times), unitNs),
    mean: nearlyNs(meanNs(times), unitNs),
    ...Object.fromEntries(values),
    max: nearlyNs(highest(times), unitNs),
  };
}

/** Makes the expectation of one percentile. */
export function expectPercentile(
  times: SortedTimes,
  hundredths: number,
  unitNs: number,
  precision: PercentileDigits,
): Expectation {
  return nearlyNs(statedPercentileNs(times, hundredths, precision), unitNs);
}

/** Expects what a decoded histogram has to say; document-leaves.ts makes these leaves. */
export function expectHistogram(
  into: Expectations,
  path: string,
  times: SortedTimes,
  precision: PercentileDigits = { digits: 3 },
): void {
  into.set(`${path}.count`, exactly(times.length));
  for (const [name, hundredths] of Object.entries({
    p50_ns: 5000,
    p90_ns: 9000,
    p99_ns: 9900,
    p100_ns: 10_000,
  })) {
    into.set(`${path}.${name}`, exactly(percentileNs(times, hundredths, precision) ?? 0));
  }
  into.set(`${path}.buckets`, exactly(bucketsDigest(times, precision)));
}

/** Makes the expectation of the largest time, in a unit; null where there is none. */
export function expectMax(times: SortedTimes, unitNs: number): Expectation {
  return nearlyNs(highest(times), unitNs);
}

/** Counts the values outside of what a histogram holds. */
export function countClamped(times: SortedTimes): { below: number; above: number } {
  let below = 0;
  let above = 0;
  for (const ns of times) {
    if (ns < 0) below += 1;
    else if (ns > HOUR_NS) above += 1;
  }
  return { below, above };
}

function nearlyNs(ns: number | undefined, unitNs: number): Expectation {
  return nearly(ns === undefined ? undefined : ns / unitNs);
}

function lowest(times: SortedTimes): number | undefined {
  return times[0] === undefined ? undefined : Math.max(0, times[0]);
}

function highest(times: SortedTimes): number | undefined {
  const last = times.at(-1);
  return last === undefined ? undefined : Math.max(0, last);
}

function meanNs(times: SortedTimes): number | undefined {
  let sum = 0;
  for (const ns of times) sum += Math.max(0, ns);
  return times.length === 0 ? undefined : sum / times.length;
}

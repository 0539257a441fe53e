/** Arrivals in their order, in ns. */
export type ArrivalTimes = Float64Array;

/** Computes the gaps between consecutive arrivals; one that goes back in time is 0. */
export function gapsOf(arrivals: ArrivalTimes): Float64Array {
  const gaps = new Float64Array(Math.max(0, arrivals.length - 1));
  for (let i = 0; i < gaps.length; i += 1) {
    gaps[i] = Math.max(0, (arrivals[i + 1] as number) - (arrivals[i] as number));
  }
  return gaps;
}

/** Computes the mean; undefined where there are no values. */
export function meanOf(values: Float64Array): number | undefined {
  let sum = 0;
  for (const value of values) sum += value;
  return values.length === 0 ? undefined : sum / values.length;
}

/** Computes the time from the first arrival to the last; undefined where there is none. */
export function spanOf(arrivals: ArrivalTimes): number | undefined {
  const [first, last] = [arrivals[0], arrivals.at(-1)];
  return first === undefined || last === undefined ? undefined : last - first;
}

/**
 * Computes variance over mean of the counts in whole windows of `widthNs` from the first arrival on, without the window
 * of the last arrival; undefined below two windows. An arrival before the open window counts into that window.
 */
export function dispersionOf(arrivals: ArrivalTimes, widthNs: number): number | undefined {
  const counts = new Map<number, number>();
  let window = 0;
  for (const arrival of arrivals) {
    window = Math.max(window, Math.floor((arrival - (arrivals[0] as number)) / widthNs));
    counts.set(window, (counts.get(window) ?? 0) + 1);
  }
  const windows = window;
  if (windows < 2) return undefined;
  const mean = (arrivals.length - (counts.get(window) ?? 0)) / windows;
  counts.delete(window);
  let squares = (windows - counts.size) * mean ** 2;
  for (const count of counts.values()) squares += (count - mean) ** 2;
  return squares / windows / mean;
}

export interface Distance {
  /** The Kolmogorov-Smirnov distance, 0 to 1. */
  ks: number;
  /** The Wasserstein-1 distance, in ns. */
  w1Ns: number;
}

/**
 * Computes the distances of two sets of gaps, with every gap taken for the middle of its bucket: as docs/results.md
 * says, gaps count as equal where a histogram of three digits can't tell them apart. Both arrays, which may be large,
 * are used up.
 */
export function gapDistance(x: Float64Array, y: Float64Array): Distance | undefined {
  if (x.length === 0 || y.length === 0) return undefined;
  for (const gaps of [x, y]) {
    gaps.forEach((gapNs, at) => {
      gaps[at] = bucketMiddle(gapNs);
    });
    gaps.sort();
  }
  let [i, j, ks, w1Ns] = [0, 0, 0, 0];
  while (i < x.length || j < y.length) {
    const at = Math.min(x[i] ?? Infinity, y[j] ?? Infinity);
    while (x[i] === at) i += 1;
    while (y[j] === at) j += 1;
    const difference = Math.abs(i / x.length - j / y.length);
    const next = Math.min(x[i] ?? Infinity, y[j] ?? Infinity);
    ks = Math.max(ks, difference);
    if (next !== Infinity) w1Ns += difference * (next - at);
  }
  return { ks, w1Ns };
}

const HOUR_NS = 3_600_000_000_000;

/** Below 2048 ns every ns is a bucket of its own; from there on each power of two has 1024. */
function bucketMiddle(gapNs: number): number {
  const ns = Math.min(gapNs, HOUR_NS);
  const width = ns < 2048 ? 1 : 2 ** (Math.floor(Math.log2(ns)) - 10);
  return Math.floor(ns / width) * width + Math.floor(width / 2);
}

/** Computes the slope of the least-squares line through (x, y); undefined where all x are the same. */
export function slopeOf(x: Float64Array, y: Float64Array): number | undefined {
  const [meanX, meanY] = [meanOf(x) ?? 0, meanOf(y) ?? 0];
  let [xx, xy] = [0, 0];
  x.forEach((each, i) => {
    xx += (each - meanX) ** 2;
    xy += (each - meanX) * ((y[i] as number) - meanY);
  });
  return xx > 0 ? xy / xx : undefined;
}

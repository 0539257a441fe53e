import type { Distribution } from './trace-index.ts';

// Log-linear buckets: 0..63 are exact, from there on each power of two is cut into 32 equal parts.
// With shift = floor(log2 v) - 5, bucket = 32 * shift + floor(v / 2^shift).
const SUB_BUCKETS = 32;

export function createDistribution(): Distribution {
  return { count: 0, sum: 0, sumOfSquares: 0, min: 0, max: 0, buckets: new Map() };
}

/** Number of the bucket that holds `value` (a non-negative integer up to 2^53). */
export function bucketOf(value: number): number {
  if (value < SUB_BUCKETS * 2) return value;
  const shift = floorLog2(value) - 5;
  const top = value < 0x80000000 ? value >>> shift : Math.floor(value / 2 ** shift);
  return SUB_BUCKETS * shift + top;
}

/** The value in the middle of a bucket; within 1.6 % of all values in it. */
export function bucketMiddle(bucket: number): number {
  if (bucket < SUB_BUCKETS * 2) return bucket;
  const shift = Math.floor(bucket / SUB_BUCKETS) - 1;
  return (bucket - SUB_BUCKETS * shift) * 2 ** shift + (2 ** shift - 1) / 2;
}

export function addValue(distribution: Distribution, value: number): void {
  if (distribution.count === 0 || value < distribution.min) distribution.min = value;
  if (value > distribution.max) distribution.max = value;
  distribution.count++;
  distribution.sum += value;
  distribution.sumOfSquares += value * value;
  const bucket = bucketOf(value);
  distribution.buckets.set(bucket, (distribution.buckets.get(bucket) ?? 0) + 1);
}

/** Adds `other` into `distribution`; the buckets add up without loss. */
export function mergeDistribution(distribution: Distribution, other: Distribution): void {
  if (other.count === 0) return;
  distribution.min = distribution.count === 0 ? other.min : Math.min(distribution.min, other.min);
  distribution.max = Math.max(distribution.max, other.max);
  distribution.count += other.count;
  distribution.sum += other.sum;
  distribution.sumOfSquares += other.sumOfSquares;
  for (const [bucket, count] of other.buckets) {
    distribution.buckets.set(bucket, (distribution.buckets.get(bucket) ?? 0) + count);
  }
}

/** The value below or at which `percent` (0..100) of the values lie; undefined when there are none. */
export function percentile(distribution: Distribution, percent: number): number | undefined {
  if (distribution.count === 0) return undefined;
  const rank = Math.max(1, Math.ceil((percent / 100) * distribution.count));
  if (rank >= distribution.count) return distribution.max;
  let seen = 0;
  for (const [bucket, count] of sortedBuckets(distribution)) {
    seen += count;
    if (seen >= rank) return Math.min(distribution.max, Math.max(distribution.min, bucketMiddle(bucket)));
  }
  return distribution.max;
}

export function mean(distribution: Distribution): number | undefined {
  return distribution.count === 0 ? undefined : distribution.sum / distribution.count;
}

/** Standard deviation over mean: 1 for the gaps of a Poisson process, more for bursts. */
export function coefficientOfVariation(distribution: Distribution): number | undefined {
  const average = mean(distribution);
  if (average === undefined || average === 0) return undefined;
  const variance = distribution.sumOfSquares / distribution.count - average * average;
  return Math.sqrt(Math.max(0, variance)) / average;
}

/** Buckets and counts, from small to large. */
export function sortedBuckets(distribution: Distribution): [number, number][] {
  return [...distribution.buckets].sort((a, b) => a[0] - b[0]);
}

function floorLog2(value: number): number {
  return value < 0x100000000 ? 31 - Math.clz32(value) : 63 - Math.clz32(Math.floor(value / 0x100000000));
}

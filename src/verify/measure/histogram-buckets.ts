import { createHash } from 'node:crypto';

/** How exact the histograms of a results document are: to so many digits, and never below the clock's unit there. */
export interface PercentileDigits {
  readonly digits: 2 | 3;
}

/** Values that share a bucket, by its end. */
export interface HeldValues {
  topNs: number;
  count: number;
}

/** Where histograms end: what is longer counts as this long. */
export const HOUR_NS = 3_600_000_000_000;
/** The finest step of a histogram whose lowest value is 1 us: the power of two below it. */
const FINEST_NS = 512;

/**
 * Computes the end of the bucket that a time lies in, which is what a histogram says of it. A bucket is a 1024th (three
 * digits) or a 128th (two) of the power of two it lies in. This shares nothing with the code that filled the histogram.
 */
export function bucketTopNs(timeNs: number, { digits }: PercentileDigits): number {
  const ns = Math.min(Math.max(0, timeNs), HOUR_NS);
  const power = Math.floor(Math.log2(Math.max(1, Math.floor(ns / FINEST_NS))));
  const stepNs = FINEST_NS * 2 ** Math.max(0, power - (digits === 3 ? 10 : 7));
  return (Math.floor(ns / stepNs) + 1) * stepNs - 1;
}

/** Makes one text of all that is in the buckets of a histogram of these times, which ascend. */
export function bucketsDigest(times: Float64Array, precision: PercentileDigits): string {
  return digestOf(bucketsOf(times, precision));
}

/** Makes the same text of a histogram that was decoded. */
export function digestOf(buckets: Iterable<HeldValues>): string {
  const hash = createHash('sha256');
  for (const { topNs, count } of buckets) hash.update(`${topNs}:${count};`);
  return hash.digest('hex');
}

function* bucketsOf(times: Float64Array, precision: PercentileDigits): Generator<HeldValues> {
  for (let at = 0; at < times.length; ) {
    const topNs = bucketTopNs(times[at] as number, precision);
    const first = at;
    while (at < times.length && Math.min(times[at] as number, HOUR_NS) <= topNs) at += 1;
    yield { topNs, count: at - first };
  }
}

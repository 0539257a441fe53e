import { decodeHistogram } from '../results/histogram/hdr-library.ts';

/** A window of a results document, of all operations or of one op. */
export interface HistogramWindow {
  readonly start_s: number;
  readonly width_s: number;
  readonly histogram?: string | null;
}

/** The lowest and the highest whole ns that are in a bucket. */
export interface BucketBounds {
  readonly bottomNs: number;
  readonly topNs: number;
}

/**
 * The response times of windows in buckets that all of them share, summed from the first window on: what any run of
 * neighbours holds is one difference.
 */
export class SummedWindows {
  readonly #buckets: readonly BucketBounds[];
  /** `sums[w]` is what the windows before `w` hold, bucket by bucket. */
  readonly #sums: readonly Float64Array[];

  /** Each of `windows` may be several that count as one. */
  constructor(windows: readonly (readonly HistogramWindow[])[], buckets: readonly BucketBounds[]) {
    this.#buckets = buckets;
    const places = new Map(buckets.map(({ topNs }, i) => [topNs, i]));
    const sums = [new Float64Array(buckets.length)];
    for (const inside of windows) {
      const sum = Float64Array.from(sums.at(-1) as Float64Array);
      for (const { histogram } of inside) {
        for (const { topNs, count } of bucketsOf(histogram)) {
          const place = places.get(topNs) as number;
          sum[place] = (sum[place] as number) + count;
        }
      }
      sums.push(sum);
    }
    this.#sums = sums;
  }

  /** Adds what the windows from `from` up to `to` (excluded) hold to `into`. */
  addRun(from: number, to: number, into: Float64Array): void {
    const [a, b] = [this.#sums[from] as Float64Array, this.#sums[to] as Float64Array];
    for (let i = 0; i < into.length; i += 1)
      into[i] = (into[i] as number) + (b[i] as number) - (a[i] as number);
  }

  /** A room for sums. */
  room(): Float64Array {
    return new Float64Array(this.#buckets.length);
  }

  /** The values in ns of the quantiles (0 to 1, ascending) of what the buckets hold; NaN where that is nothing. */
  quantilesNs(counts: Float64Array, quantiles: readonly number[]): number[] {
    const total = counts.reduce((sum, each) => sum + each, 0);
    const found: number[] = [];
    let seen = 0;
    let i = 0;
    for (const quantile of quantiles) {
      const wanted = Math.max(1, Math.ceil(quantile * total - 1e-9));
      while (i < counts.length && seen + (counts[i] as number) < wanted) seen += counts[i++] as number;
      // Inside a bucket the values are taken to lie evenly: steps of a hundredth would hide changes of less.
      const inside = (wanted - seen - 0.5) / (counts[i] ?? 1);
      const { bottomNs = Number.NaN, topNs = Number.NaN } = this.#buckets[i] ?? {};
      found.push(bottomNs + inside * (topNs + 1 - bottomNs));
    }
    return found;
  }
}

/** All buckets that any of the windows has something in, ascending. */
export function bucketsIn(...lists: (readonly HistogramWindow[])[]): BucketBounds[] {
  const found = new Map<number, BucketBounds>();
  for (const { histogram } of lists.flat()) {
    for (const { bottomNs, topNs } of bucketsOf(histogram))
      if (!found.has(topNs)) found.set(topNs, { bottomNs, topNs });
  }
  return [...found.values()].sort((a, b) => a.topNs - b.topNs);
}

function* bucketsOf(histogram: string | null | undefined): Iterable<BucketBounds & { count: number }> {
  if (typeof histogram === 'string') yield* decodeHistogram(histogram).buckets();
}

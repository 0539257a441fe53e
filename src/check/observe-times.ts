import { decodeHistogram } from '../results/histogram/hdr-library.ts';
import { effectiveCount } from '../statistics/autocorrelation.ts';
import type { Bounds } from '../statistics/bounds.ts';
import { neededOperations } from '../statistics/needed-operations.ts';
import { normalQuantile } from '../statistics/normal.ts';
import { quantileRanks } from '../statistics/quantile-ranks.ts';
import type { LatencyStatistic } from './limit.ts';
import { CONFIDENCE, type Observation } from './observation.ts';

const NS_PER_MS = 1e6;

/** Values of several histograms together, ascending. */
class AddedTimes {
  readonly #counts = new Map<number, number>();
  #sorted: [topNs: number, count: number][] | undefined;
  count = 0;

  add(base64: string): void {
    for (const { topNs, count } of decodeHistogram(base64).buckets()) {
      this.#counts.set(topNs, (this.#counts.get(topNs) ?? 0) + count);
      this.count += count;
    }
    this.#sorted = undefined;
  }

  /** The value in ns that so many of the values (a share of them) do not exceed. */
  at(share: number): number {
    const wanted = Math.max(1, Math.ceil(share * this.count - 1e-9));
    let seen = 0;
    for (const [topNs, count] of this.sorted) {
      seen += count;
      if (seen >= wanted) return topNs;
    }
    return Number.NaN;
  }

  get sorted(): readonly (readonly [topNs: number, count: number])[] {
    this.#sorted ??= [...this.#counts].sort(([a], [b]) => a - b);
    return this.#sorted;
  }

  get meanNs(): number {
    return this.sorted.reduce((sum, [ns, count]) => sum + ns * count, 0) / this.count;
  }

  get spreadNs(): number {
    const mean = this.meanNs;
    return Math.sqrt(
      this.sorted.reduce((sum, [ns, count]) => sum + count * (ns - mean) ** 2, 0) / this.count,
    );
  }
}

/**
 * A statistic in ms of the times that encoded histograms hold together. `likeness` is the lag-1 autocorrelation of
 * windows: by it times are worth fewer.
 */
export function observeTimes(
  histograms: readonly string[],
  statistic: LatencyStatistic,
  likeness: number,
): Observation {
  const times = new AddedTimes();
  for (const each of histograms) times.add(each);
  if (times.count === 0) return { value: null, why: 'no operation was measured' };
  if (typeof statistic === 'number') return observeQuantile(times, statistic, likeness);
  if (statistic === 'mean') return observeMean(times, likeness);
  const value = times.at(statistic === 'max' ? 1 : 0) / NS_PER_MS;
  return { value, bounds: { low: value, high: value } };
}

function observeQuantile(times: AddedTimes, quantile: number, likeness: number): Observation {
  const needed = neededOperations(quantile, CONFIDENCE);
  if (times.count < needed) {
    return { value: null, why: `${times.count} operations, and it needs ${needed.toLocaleString('en')}` };
  }
  const { low, high } = quantileRanks(quantile, effectiveCount(times.count, likeness), CONFIDENCE);
  const bounds: Bounds = {
    low: low > 0 ? times.at(low) / NS_PER_MS : 0,
    high: high === undefined ? Number.POSITIVE_INFINITY : times.at(high) / NS_PER_MS,
  };
  const why = high === undefined ? 'too few operations bound it from above' : undefined;
  return { value: times.at(quantile) / NS_PER_MS, bounds, why };
}

function observeMean(times: AddedTimes, likeness: number): Observation {
  const value = times.meanNs / NS_PER_MS;
  const worth = effectiveCount(times.count, likeness);
  if (worth < 30) return { value: null, why: `${times.count} operations, and it needs 30` };
  const half = (normalQuantile((1 + CONFIDENCE) / 2) * times.spreadNs) / NS_PER_MS / Math.sqrt(worth);
  return { value, bounds: { low: Math.max(0, value - half), high: value + half } };
}

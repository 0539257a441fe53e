import type { Bucket } from '../histogram/histogram.ts';

/** How far apart two distributions are. */
export interface DistributionDistance {
  /** Kolmogorov-Smirnov: the largest difference of the two cumulative distributions, 0 to 1. */
  ks: number;
  /** Wasserstein-1 (earth mover's): the area between the cumulative distributions, in the unit of the values. */
  w1: number;
}

/** Counted values: a histogram, of whatever unit. */
export interface CountedValues {
  readonly count: number;
  /** Ascending. */
  buckets(): Iterable<Bucket>;
}

/**
 * Distance of two histograms of the same precision, undefined when one is empty. One walk over both bucket lists:
 * KS = max |F - G|, W1 = integral of |F - G|. Values of one bucket count as equal, so with 3 digits W1 is
 * off by at most 0.1 % of the values and KS by at most the share of values in one bucket.
 */
export function distributionDistance(a: CountedValues, b: CountedValues): DistributionDistance | undefined {
  if (a.count === 0 || b.count === 0) return undefined;
  const steps = mergedSteps(a, b);
  let difference = 0;
  let ks = 0;
  let w1 = 0;
  steps.forEach((step, i) => {
    difference += step.weight;
    const next = steps[i + 1];
    if (next !== undefined && next.valueNs === step.valueNs) return;
    ks = Math.max(ks, Math.abs(difference));
    if (next !== undefined) w1 += Math.abs(difference) * (next.valueNs - step.valueNs);
  });
  return { ks: Math.min(1, ks), w1 };
}

/** Steps of F - G in ascending order of value. */
function mergedSteps(a: CountedValues, b: CountedValues): { valueNs: number; weight: number }[] {
  const steps: { valueNs: number; weight: number }[] = [];
  for (const { valueNs, count } of a.buckets()) steps.push({ valueNs, weight: count / a.count });
  for (const { valueNs, count } of b.buckets()) steps.push({ valueNs, weight: -count / b.count });
  return steps.sort((x, y) => x.valueNs - y.valueNs);
}

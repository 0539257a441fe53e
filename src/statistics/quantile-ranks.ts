import { binomialQuantile } from './binomial.ts';

/** Which of the sorted values bound a quantile, as shares of their number. */
export interface QuantileRanks {
  /** 0 to 1; below 1/n nothing bounds it from below. */
  readonly low: number;
  /** Undefined: there are too few values above to bound it. */
  readonly high: number | undefined;
}

/**
 * The order statistics between which the quantile (0 to 1) lies with a confidence, whatever the distribution: the number
 * of values below it is binomial (Hahn and Meeker, "Statistical Intervals", 5.2). `independent` is how many independent
 * values the sample is worth, which may be fewer than it has.
 */
export function quantileRanks(quantile: number, independent: number, confidence: number): QuantileRanks {
  const n = Math.max(1, Math.floor(independent));
  const beyond = (1 - confidence) / 2;
  const low = binomialQuantile(beyond, n, quantile);
  const high = binomialQuantile(1 - beyond, n, quantile) + 1;
  return { low: low / n, high: high > n ? undefined : high / n };
}

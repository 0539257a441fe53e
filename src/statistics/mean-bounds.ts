import { effectiveCount, lagOneAutocorrelation } from './autocorrelation.ts';
import type { Bounds } from './bounds.ts';
import { normalQuantile } from './normal.ts';

/**
 * Bounds of the mean of values in the order of time, of which neighbours may resemble each other: Student's t, by the
 * number of independent values they are worth. Unbounded where that are fewer than two.
 */
export function meanBounds(values: readonly number[], confidence: number): Bounds {
  const worth = effectiveCount(values.length, lagOneAutocorrelation(values));
  if (worth < 2) return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  const variance = values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (values.length - 1);
  const half = studentQuantile((1 + confidence) / 2, worth - 1) * Math.sqrt(variance / worth);
  return { low: mean - half, high: mean + half };
}

/**
 * The value that Student's t of `degrees` stays below with probability `p`: Hill's expansion around the normal quantile
 * (Abramowitz and Stegun 26.7.5), within 1 % from 3 degrees on; for fewer the exact forms.
 */
export function studentQuantile(p: number, degrees: number): number {
  if (degrees < 1.5) return Math.tan(Math.PI * (p - 0.5));
  if (degrees < 2.5) return (2 * p - 1) / Math.sqrt(2 * p * (1 - p));
  const z = normalQuantile(p);
  const z2 = z * z;
  const terms = [
    (z * (z2 + 1)) / 4,
    (z * (5 * z2 * z2 + 16 * z2 + 3)) / 96,
    (z * (3 * z2 ** 3 + 19 * z2 * z2 + 17 * z2 - 15)) / 384,
    (z * (79 * z2 ** 4 + 776 * z2 ** 3 + 1482 * z2 * z2 - 1920 * z2 - 945)) / 92_160,
  ];
  return terms.reduce((sum, term, i) => sum + term / degrees ** (i + 1), z);
}

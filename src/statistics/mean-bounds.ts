import { effectiveCount, lagOneAutocorrelation } from './autocorrelation.ts';
import type { Bounds } from './bounds.ts';
import { studentQuantile } from './student.ts';

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

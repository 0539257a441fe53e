import { observeWhole } from '../check/observe.ts';
import type { ResultsDocument } from '../results/document/results-document.ts';
import { normalQuantile } from '../statistics/normal.ts';
import type { LogChange } from './bootstrap-changes.ts';

/** A change between two runs, each taken as one sample. */
export interface WholeChange {
  readonly baselineMs: number;
  readonly currentMs: number;
  readonly change: LogChange;
}

const CONFIDENCE = 0.95;

/**
 * How a quantile changed between runs that are too short to be paired window by window: from the bounds that order
 * statistics give in each. What moves between two runs (the machine, the load) is not in it. Undefined where too few
 * operations bound it in one of them.
 */
export function wholeChange(
  before: ResultsDocument,
  after: ResultsDocument,
  op: string,
  quantile: number,
): WholeChange | undefined {
  const [one, other] = [before, after].map((document) => sampleOf(document, op, quantile));
  if (one === undefined || other === undefined) return undefined;
  const value = Math.log(other.ms / one.ms);
  const spread = Math.hypot(one.spread, other.spread);
  const reach = normalQuantile((1 + CONFIDENCE) / 2) * spread;
  return {
    baselineMs: one.ms,
    currentMs: other.ms,
    change: { value, spread, low: value - reach, high: value + reach },
  };
}

/** The value in ms, and the standard deviation of its logarithm. */
function sampleOf(
  document: ResultsDocument,
  op: string,
  quantile: number,
): { ms: number; spread: number } | undefined {
  const { value: ms, bounds } = observeWhole(document, op, quantile);
  if (ms === null || bounds === undefined || !Number.isFinite(bounds.high) || bounds.low <= 0)
    return undefined;
  const width = Math.log(bounds.high) - Math.log(bounds.low);
  return { ms, spread: width / (2 * normalQuantile((1 + CONFIDENCE) / 2)) };
}

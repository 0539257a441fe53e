import type { ResultsDocument } from '../results/document/results-document.ts';
import { median, trendOf } from '../statistics/trend.ts';
import { warmUpS } from '../statistics/warm-up.ts';
import { CONFIDENCE, type Observation } from './observation.ts';

const S_PER_HOUR = 3600;

/** How much a percentile of the windows rises an hour, in per cent of its median: Theil and Sen's slope with its interval. */
export function observeDrift(percentile: 'p50' | 'p99', { windows }: ResultsDocument): Observation {
  const last = windows.at(-1);
  const endS = last === undefined ? 0 : last.start_s + last.width_s;
  const warmS = warmUpS(endS);
  const points = windows.flatMap(({ start_s: at, [percentile]: value }) =>
    value === null || at < warmS ? [] : [{ at, value }],
  );
  const trend = trendOf(points, CONFIDENCE);
  const usual = median(points.map(({ value }) => value));
  if (trend === undefined || !(usual > 0))
    return { value: null, why: `${points.length} windows with a ${percentile}, and it needs eight` };
  const factor = (S_PER_HOUR / usual) * 100;
  const { slope, bounds } = trend;
  return { value: slope * factor, bounds: { low: bounds.low * factor, high: bounds.high * factor } };
}

import type { Histogram } from '../histogram/histogram.ts';
import type { HISTOGRAM_NAMES, OpMetrics, OpTable } from '../tally/op-metrics.ts';
import type { FlatLatencies, LatencySection, Percentiles } from './latency-section.ts';

export const NS_PER_MS = 1e6;
export const NS_PER_US = 1e3;

type HistogramName = (typeof HISTOGRAM_NAMES)[number];

/** Gives a time in another unit, rounded to what a ns clock can know; null where there is none. */
export function scaled(ns: number | undefined, nsPerUnit: number): number | null {
  if (ns === undefined || !Number.isFinite(ns)) return null;
  return Math.round((ns / nsPerUnit) * 1e6) / 1e6;
}

/** Gives a number as JSON can hold it: null where it is not finite. */
export function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? Math.round(value * 1e6) / 1e6 : null;
}

export function percentiles(histogram: Histogram, nsPerUnit: number): Percentiles {
  const at = (percentile: number): number | null => scaled(histogram.percentileNs(percentile), nsPerUnit);
  return {
    count: histogram.count,
    min: scaled(histogram.minNs, nsPerUnit),
    mean: scaled(histogram.meanNs, nsPerUnit),
    p50: at(50),
    p75: at(75),
    p90: at(90),
    p95: at(95),
    p99: at(99),
    'p99.9': at(99.9),
    'p99.99': at(99.99),
    max: scaled(histogram.maxNs, nsPerUnit),
  };
}

/** Makes the section of one kind of time, over all and for each operation name. */
export function latencySection(
  overall: OpMetrics,
  ops: OpTable,
  name: HistogramName,
  nsPerUnit = NS_PER_MS,
): LatencySection {
  const entries = ops.entries().map(([key, metrics]) => [key, percentiles(metrics[name], nsPerUnit)]);
  return { overall: percentiles(overall[name], nsPerUnit), ...Object.fromEntries(entries) };
}

/** Makes the six flat fields that scripts of old read. */
export function flatLatencies(histogram: Histogram): FlatLatencies {
  const { min, mean, p50, p95, p99, max } = percentiles(histogram, NS_PER_MS);
  return { min_ms: min, avg_ms: mean, p50_ms: p50, p95_ms: p95, p99_ms: p99, max_ms: max };
}

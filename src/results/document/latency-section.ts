/** Milliseconds under latency sections, microseconds under names that end in `_us`; null where there is no value. */
export interface Percentiles {
  count: number;
  min: number | null;
  mean: number | null;
  p50: number | null;
  p75: number | null;
  p90: number | null;
  p95: number | null;
  p99: number | null;
  'p99.9': number | null;
  'p99.99': number | null;
  max: number | null;
}

/** `overall` and one entry for each operation name; of one that was not played there is none. */
export interface LatencySection {
  overall: Percentiles;
  [op: string]: Percentiles;
}

export interface FlatLatencies {
  min_ms: number | null;
  avg_ms: number | null;
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
  max_ms: number | null;
}

import type { ResourceUnit } from './resource-metrics.ts';

/** What was read of the server, its machine and its own metrics while the load ran (`--watch-pid` and the like). */
export interface ResourcesSection {
  /** Time between two readings. */
  interval_s: number;
  watched: WatchedEntry[];
  /** By `NAME.METRIC`, as in `process.rss_bytes`. */
  series: Record<string, ResourceSeries>;
}

/** One thing that was watched. */
export interface WatchedEntry {
  name: string;
  kind: 'process' | 'host' | 'scrape';
  target: string;
  readings: number;
  /** Times at which it could not be read. */
  missed: number;
  last_error: string | null;
  /** When it was found to be gone, in seconds after the start of the plan; null where it was there to the end. */
  gone_at_s: number | null;
  /** Series beyond those that are kept. */
  series_left_out: number;
}

/** One metric over the time of the run. */
export interface ResourceSeries {
  unit: ResourceUnit;
  readings: number;
  min: number;
  mean: number;
  max: number;
  last: number;
  /** How it rises or falls, without the first fifth of the run (five minutes at most); null of fewer than eight readings in what is left. */
  slope: ResourceSlope | null;
}

/** Theil and Sen's slope with its 99 % interval, and the p of Mann and Kendall's test. */
export interface ResourceSlope {
  per_hour: number;
  low_per_hour: number;
  high_per_hour: number;
  p: number;
}

import { type ResourceUnit, resourceUnitOf } from '../results/document/resource-metrics.ts';

/** A number that a source read; what only grows has become a rate a second already. */
export interface ResourceReading {
  /** Its name without the source's: `rss_bytes`, `cpu_percent`. */
  readonly metric: string;
  readonly unit: ResourceUnit;
  readonly value: number;
}

/** What can be read once a second. */
export interface WatchSource {
  /** Reads once, at `atNs` of the monotonic clock. Rejects with `GoneError` for good, with any other error for this time. */
  read(atNs: number): Promise<readonly ResourceReading[]>;
}

/** What was watched is not there any more: nothing will be read again. */
export class GoneError extends Error {}

/** The readings of the metrics that have a value. */
export function known<Metric extends string>(
  values: Readonly<Record<Metric, number | undefined>>,
): ResourceReading[] {
  return Object.entries<number | undefined>(values).flatMap(([metric, value]) =>
    value === undefined ? [] : [{ metric, unit: resourceUnitOf(metric), value }],
  );
}

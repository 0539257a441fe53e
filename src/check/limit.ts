import type { Quantity } from './units.ts';

/** What a limit is about. */
export type Metric =
  /** A statistic of response or service times, of one op or of all. */
  | {
      readonly kind: 'latency';
      readonly section: 'response' | 'service';
      readonly op: string;
      readonly statistic: LatencyStatistic;
    }
  /** Operations of a kind among all of them. */
  | { readonly kind: 'share'; readonly of: 'errors' | 'successes' | 'hits' | 'completed' }
  /** How fast window percentiles rise or fall, in per cent of their median an hour. */
  | { readonly kind: 'drift'; readonly percentile: 'p50' | 'p99' }
  /** What was watched. */
  | { readonly kind: 'resource'; readonly series: string; readonly statistic: ResourceStatistic }
  /** Any other number, which is known exactly. */
  | { readonly kind: 'number'; readonly path: readonly string[] };

/** A quantile (0 to 1), or one of those that are none. */
export type LatencyStatistic = number | 'mean' | 'min' | 'max';

/** A number of what was watched; `growth_percent_per_hour` is the slope by the mean. */
export type ResourceStatistic =
  | 'min'
  | 'mean'
  | 'max'
  | 'last'
  | 'slope_per_hour'
  | 'growth_percent_per_hour';

/** Which operations a limit is about: all, those of each span of so many seconds, or those due in parts of the run. */
export type Scope =
  | { readonly kind: 'whole' }
  | { readonly kind: 'every'; readonly widthS: number }
  | { readonly kind: 'during'; readonly fromS: number; readonly toS: number }
  /** While a burst goes on, or from so long after it until the next. */
  | { readonly kind: 'burst'; readonly part: 'during' | 'after'; readonly delayS: number }
  /** While something that was watched is so. */
  | {
      readonly kind: 'while';
      readonly series: string;
      readonly comparison: '<' | '<=' | '>' | '>=';
      readonly value: number;
    };

/** What has to hold. */
export interface Limit {
  /** As it was written. */
  readonly text: string;
  /** What people call it; the text where nobody said. */
  readonly name: string;
  readonly metric: Metric;
  readonly quantity: Quantity;
  readonly comparison: '<' | '<=' | '>' | '>=';
  /** In the base unit of the quantity. */
  readonly value: number;
  /** Beyond this it is a FAIL, between the two to be looked into; the same as `value` where there is no such span. */
  readonly failsBeyond: number;
  /** As that was written. */
  readonly fails?: string | undefined;
  readonly scope: Scope;
  /** False: it does not matter where it can't be judged. */
  readonly isRequired: boolean;
}

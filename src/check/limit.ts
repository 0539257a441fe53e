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
  | { readonly kind: 'share'; readonly of: 'errors' | 'successes' | 'hits' }
  /** Any other number, which is known exactly. */
  | { readonly kind: 'number'; readonly path: readonly string[] };

/** A quantile (0 to 1), or one of those that are none. */
export type LatencyStatistic = number | 'mean' | 'min' | 'max';

/** Which operations a limit is about: all, those of each span of so many seconds, or those due in a part of the run. */
export type Scope =
  | { readonly kind: 'whole' }
  | { readonly kind: 'every'; readonly widthS: number }
  | { readonly kind: 'during'; readonly fromS: number; readonly toS: number };

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
  readonly scope: Scope;
  /** False: it does not matter where it can't be judged. */
  readonly isRequired: boolean;
}

import type { Bounds } from '../statistics/bounds.ts';

/** What a document says of one metric in one span of time. */
export interface Observation {
  /** Where it was seen, for people; undefined for the whole run. */
  readonly where?: string | undefined;
  /** Null: it was not measured, or by too few operations to say anything. */
  readonly value: number | null;
  /** Where the true value lies, with 95 % confidence; undefined where there is no value. */
  readonly bounds?: Bounds | undefined;
  /** Why there is no value, or none that is bounded. */
  readonly why?: string | undefined;
}

/** Confidence of the bounds. */
export const CONFIDENCE = 0.95;

/** One stretch of `ramp` or `steps`. */
export interface RateStage {
  readonly durationNs: number;
  /** Operations a second: at its end (`ramp`), or all through it (`steps`). */
  readonly rate: number;
}

/** When the operations of a scenario start. Rates are operations a second. docs/scenarios.md defines each pattern. */
export type ArrivalSpec =
  | { readonly pattern: 'constant' | 'poisson' | 'exponential'; readonly rate: number }
  | {
      readonly pattern: 'periodic_burst';
      readonly baseRate: number;
      readonly burstRate: number;
      readonly burstNs: number;
      readonly periodNs: number;
    }
  | {
      readonly pattern: 'bursty';
      readonly meanRate: number;
      readonly burstFactor: number;
      readonly burstProbability: number;
      readonly burstNs: number;
    }
  | {
      readonly pattern: 'mmpp';
      readonly lowRate: number;
      readonly highRate: number;
      /** How long each rate lasts on the mean. */
      readonly lowNs: number;
      readonly highNs: number;
    }
  | {
      readonly pattern: 'gaps';
      readonly rate: number;
      /** Shares of the gaps, from 0 to 1, that are at most as long as the size at the same place; two that are equal make a jump. */
      readonly gapShares: readonly number[];
      /** Relative to each other: they are scaled to the rate. */
      readonly gapSizes: readonly number[];
    }
  | {
      readonly pattern: 'periodic';
      readonly baseRate: number;
      readonly amplitude: number;
      readonly periodNs: number;
    }
  | {
      readonly pattern: 'ramp' | 'steps';
      /** Before the first stage; of `ramp` only. */
      readonly startRate: number;
      readonly stages: readonly RateStage[];
    }
  /** The starts of a recording. */
  | { readonly pattern: 'trace'; readonly file: string };

/** A pattern whose times are made here, and not read from a recording. */
export type MadeArrivals = Exclude<ArrivalSpec, { pattern: 'trace' }>;

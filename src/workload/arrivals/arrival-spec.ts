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

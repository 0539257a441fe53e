/** What a scenario may do to its target besides its load, each at a rate of its own. */
export const CHAOS_KINDS = [
  'stalled_connections',
  'aborted_requests',
  'malformed_requests',
  'slow_readers',
] as const;

/** One of them. */
export type ChaosKind = (typeof CHAOS_KINDS)[number];

/** The chaos of a scenario, where it is enabled. Plain data. */
export interface ChaosSpec {
  /** Events a second of each kind, by chance; 0 for none. */
  readonly ratesPerSec: Readonly<Record<ChaosKind, number>>;
  /** How long a connection is held at most. */
  readonly holdNs: number;
  /** What would be more connections at one time is skipped. */
  readonly mostConnections: number;
}

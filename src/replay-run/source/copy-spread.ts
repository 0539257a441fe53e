import type { PlanHints } from '../../trace/stats/plan-hints.ts';

/** The shift of copies where the trace does not say how often its sessions ask, and the longest one. */
const UNKNOWN_NS = 100e6;
const LONGEST_NS = 1e9;

/**
 * Longest shift of a copy: the mean time between two operations of one session (sessions / rate), at most 1 s, as the
 * records of that long are held in memory. The document of the results says how long it is (`copy_spread_secs`).
 */
export function copySpreadNs({ sessions, ratePerSec }: PlanHints): number {
  if (sessions === undefined || !ratePerSec) return UNKNOWN_NS;
  return Math.min(LONGEST_NS, Math.round((sessions * 1e9) / ratePerSec));
}

import { estimateSessions } from '../../trace/stats/block-stats.ts';
import type { Trace } from '../../trace/trace.ts';

/** Where the trace does not say how often its sessions ask, and at most. */
const UNKNOWN_NS = 100e6;
const LONGEST_NS = 1e9;

/**
 * Longest shift of a copy: the mean time between two operations of one session (span x sessions / records), at most
 * 1 s, as the records of that long are held in memory.
 */
export function copySpreadNs(trace: Pick<Trace, 'index'>): number {
  const totals = trace.index?.totals;
  if (totals === undefined || totals.records === 0) return UNKNOWN_NS;
  const spanNs = totals.lastStartNs - totals.firstStartNs;
  return Math.min(LONGEST_NS, Math.round((spanNs * estimateSessions(totals.stats)) / totals.records));
}

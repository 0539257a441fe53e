import type { Protocol } from '../record/record.ts';
import { estimateSessions } from './block-stats.ts';
import { OTHER_NAME } from './op-numbers.ts';
import type { Totals } from './trace-index.ts';

/**
 * What is known of the records of a trace before they are read: by the index of a file, or by who makes them. What
 * nobody can tell is undefined, and whoever would need it says what it does instead.
 */
export interface PlanHints {
  readonly records?: number | undefined;
  /** Records of each protocol. */
  readonly byProtocol?: Readonly<Record<Protocol, number>> | undefined;
  /** Protocols that operations are sure to have; known also where their number is not. */
  readonly protocols?: readonly Protocol[] | undefined;
  /** ns from the header's epoch. */
  readonly firstStartNs?: number | undefined;
  readonly lastStartNs?: number | undefined;
  /** Records a second, from the first to the last. */
  readonly ratePerSec?: number | undefined;
  /** How many sessions there are, more or less. */
  readonly sessions?: number | undefined;
  /** The names of all spaces. */
  readonly spaces?: readonly string[] | undefined;
}

/** What the totals of an index tell. */
export function hintsOfTotals({ records, firstStartNs, lastStartNs, stats }: Totals): PlanHints {
  const isEmpty = records === 0;
  const byProtocol = { http: stats.httpRecords, grpc: stats.grpcRecords };
  const protocols: readonly Protocol[] = ['http', 'grpc'];
  return {
    records,
    byProtocol,
    protocols: protocols.filter((protocol) => byProtocol[protocol] > 0),
    firstStartNs: isEmpty ? undefined : firstStartNs,
    lastStartNs: isEmpty ? undefined : lastStartNs,
    ratePerSec: isEmpty ? undefined : (records * 1e9) / Math.max(1, lastStartNs - firstStartNs),
    sessions: estimateSessions(stats),
    // Totals keep a bounded number of names, and count the rest as one.
    spaces: stats.spaces.has(OTHER_NAME) ? undefined : [...stats.spaces.keys()],
  };
}

/** The hints of a trace of which nothing is known. */
export const NO_HINTS: PlanHints = {};

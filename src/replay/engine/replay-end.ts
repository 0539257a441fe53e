import type { EngramTraceError } from '../../error.ts';
import type { ReplayAccounting } from '../accounting.ts';
import type { LeftOutByReason, LeftOutDangers } from '../left-out.ts';
import type { Stalls } from '../release/hold-meter.ts';

/**
 * Why a replay ended: the whole plan was played, Ctrl-C, `--behind abort`, a source that could not be read on, or a
 * sending thread that died.
 */
export type ReplayStop = 'end' | 'interrupted' | 'behind' | 'source_error' | 'sender_died';

/** What a replay says of itself. Times in ns on the engine's clock. */
export interface ReplayEnd {
  accounting: ReplayAccounting;
  excluded: LeftOutByReason;
  /** The records that were left out as `dangerous`, by kind. */
  dangers: LeftOutDangers;
  /** False: the replay stopped early and what was left to read was too much to count. */
  planComplete: boolean;
  stop: ReplayStop;
  sourceError: EngramTraceError | undefined;
  /** The error that ended a sending thread, where one died. */
  senderError?: EngramTraceError | undefined;
  /** The anchor: due time of the first operation (before any stretch); undefined when there was none. */
  startNs: number | undefined;
  /** Due time of the last operation that became due. */
  lastDueNs: number | undefined;
  /** When the last operation left for a transport. */
  lastReleaseNs: number | undefined;
  /** When everything was settled. */
  endNs: number;
  /** By how much `--behind stretch` moved the anchor in all. */
  stretchedNs: number;
  /** Passes over the trace that were begun. */
  passes: number;
  maxInFlight: number;
  /** Most operations past due that were held back at one time, by their session or by `maxInFlight`. */
  maxHeld: number;
  /** Operations that left later than due by more than the grace because in-flight was full or the process stalled. */
  lateReleases: number;
  /** Times the event loop woke more than 10 ms later than asked. */
  stalls: Stalls;
  /** Times the read-ahead ran dry before the trace ended. */
  underruns: number;
  /** Times `maxHeldRecords` or `maxHeldBytes` kept the plan itself waiting. */
  heldLimitHits: number;
}

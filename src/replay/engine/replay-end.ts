import type { EngramTraceError } from '../../error.ts';
import type { LeftOutDangers, ReplayExcluded } from '../exclusions.ts';
import type { Disposition } from '../ports.ts';
import type { Stalls } from '../release/hold-meter.ts';

/** Where the operations of the plan ended: planned = sent + shed + gateTimeout + unsent, sent = ok + errors + cutOff. */
export interface ReplayAccounting {
  planned: number;
  /** Handed to a transport. `ReplayObserver.onSent` counts fewer: a refused connection gets no byte out. */
  sent: number;
  ok: number;
  errors: number;
  /** Given up by us at the end, when the drain ran out. */
  cutOff: number;
  shed: number;
  gateTimeout: number;
  unsent: number;
}

/**
 * Why a replay ended: the whole plan was played, Ctrl-C, `--behind abort`, a source that could not be read on, or a
 * sending thread that died.
 */
export type ReplayStop = 'end' | 'interrupted' | 'behind' | 'source_error' | 'sender_died';

/** What a replay says of itself. Times in ns on the engine's clock. */
export interface ReplayEnd {
  accounting: ReplayAccounting;
  excluded: ReplayExcluded;
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

/** Whether the two sums of the accounting hold. */
export function accountingCloses(sums: ReplayAccounting): boolean {
  return (
    sums.planned === sums.sent + sums.shed + sums.gateTimeout + sums.unsent &&
    sums.sent === sums.ok + sums.errors + sums.cutOff
  );
}

/** Counts operations where they ended, and those that a transport had as sent. */
export function bookDisposition(sums: ReplayAccounting, disposition: Disposition, count = 1): void {
  if (disposition === 'shed') sums.shed += count;
  else if (disposition === 'gate_timeout') sums.gateTimeout += count;
  else if (disposition === 'unsent') sums.unsent += count;
  else {
    sums.sent += count;
    if (disposition === 'ok') sums.ok += count;
    else if (disposition === 'error') sums.errors += count;
    else sums.cutOff += count;
  }
}

/** An accounting in which all counts are 0. */
export function emptyAccounting(): ReplayAccounting {
  return { planned: 0, sent: 0, ok: 0, errors: 0, cutOff: 0, shed: 0, gateTimeout: 0, unsent: 0 };
}

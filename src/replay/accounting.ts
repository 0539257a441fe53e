import type { Disposition } from './ports.ts';

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

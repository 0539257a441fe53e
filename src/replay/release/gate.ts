import type { Flight } from './flight.ts';

/** Decides whether an operation may leave yet. */
export interface Gate {
  /** True: it may leave now. False: the loop hears of it when it `opened` or `expired`. Operations enter in the order of the trace. */
  enter(flight: Flight, deadlineNs: number): boolean;
  /** An operation that had entered is settled. */
  leave(flight: Flight): void;
  /** Gives up the operations that waited past their deadline. */
  expire(nowNs: number): void;
  /** Takes out an operation that still waits; undefined when none does. */
  takeWaiting(): Flight | undefined;
  readonly waiting: number;
}

/** Makes the gate of `--order open`, which holds nothing back. */
export function createOpenGate(): Gate {
  return { enter: () => true, leave() {}, expire() {}, takeWaiting: () => undefined, waiting: 0 };
}

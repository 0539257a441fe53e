import { tell } from '../people/people.ts';
import { leaveBySignal } from './leave.ts';
import { mindSignals } from './signals.ts';

/** What a signal that ends a run early is to do. */
export interface Interrupt {
  signal: AbortSignal;
  received(): NodeJS.Signals | undefined;
  /** From now on only the delivery of the document is left, and a first signal gives it little time. */
  delivering(): void;
  stop(): void;
}

/** A replay that was told to stop gets this long to write a document that is ready. */
const DELIVERY_MS = 30_000;
/** Removing what would be left behind gets this long: the disk may hang. */
const LEAVE_MS = 500;

/** The first signal ends the replay early, a second one the process, as soon as `cleanUp` is done or hangs. */
export function watchSignals(cleanUp: () => Promise<void>): Interrupt {
  const controller = new AbortController();
  let received: NodeJS.Signals | undefined;
  let isDelivering = false;
  const leave = (signal: NodeJS.Signals): void => {
    const now = (): void => void leaveBySignal(signal);
    setTimeout(now, LEAVE_MS);
    void cleanUp().finally(now);
  };
  const first = (signal: NodeJS.Signals): void => {
    received = signal;
    tell('engram-trace: stopping; what was measured will be written (again to leave at once)\n');
    controller.abort();
    if (isDelivering) setTimeout(() => leave(signal), DELIVERY_MS).unref();
  };
  return {
    signal: controller.signal,
    received: () => received,
    delivering: () => {
      isDelivering = true;
      if (received !== undefined) {
        const signal = received;
        setTimeout(() => leave(signal), DELIVERY_MS).unref();
      }
    },
    stop: mindSignals(first, leave),
  };
}

import type { ReplayObserver } from '../replay/ports.ts';

/** Makes an observer that tells two others, in this order. */
export function teeObserver(first: ReplayObserver, second: ReplayObserver): ReplayObserver {
  return {
    onStart: (anchorNs) => {
      first.onStart?.(anchorNs);
      second.onStart?.(anchorNs);
    },
    onSent: (operation, inFlight) => {
      first.onSent(operation, inFlight);
      second.onSent(operation, inFlight);
    },
    onSettled: (operation, disposition, inFlight) => {
      first.onSettled(operation, disposition, inFlight);
      second.onSettled(operation, disposition, inFlight);
    },
  };
}

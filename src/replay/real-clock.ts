import type { Clock } from './ports.ts';

/**
 * Timers of libuv tick in whole milliseconds and may fire almost one early. So a timer sleeps until this long
 * before the moment and turns of the event loop, which serve sockets as they go by, cover the rest.
 */
const SPIN_NS = 2e6;

/** The monotonic clock of this process. `at` never wakes early; how late it wakes is up to the event loop. */
export function createRealClock(): Clock {
  const nowNs = (): number => Math.round(performance.now() * 1e6);
  return { nowNs, at: (atNs, wake) => sleepUntil(nowNs, atNs, wake) };
}

function sleepUntil(nowNs: () => number, atNs: number, wake: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let turn: NodeJS.Immediate | undefined;
  const look = (): void => {
    const leftNs = atNs - nowNs();
    if (leftNs <= 0) wake();
    else if (leftNs <= SPIN_NS) turn = setImmediate(look);
    else timer = setTimeout(look, sleepMs(leftNs));
  };
  // Never from inside the call: the caller is not ready to be woken.
  if (atNs - nowNs() <= SPIN_NS) turn = setImmediate(look);
  else look();
  return () => {
    clearTimeout(timer);
    clearImmediate(turn);
  };
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

function sleepMs(leftNs: number): number {
  return Math.min(LONGEST_TIMER_MS, Math.max(1, Math.floor((leftNs - SPIN_NS) / 1e6)));
}

import type { Clock } from '../../src/replay/ports.ts';

/** A clock whose time passes only when a test says so; wakes come in the order of their times, then of asking. */
export interface VirtualClock extends Clock {
  /** Lets time pass up to `toNs`; between two wakes everything asynchronous settles. */
  advance(toNs: number): Promise<void>;
  /** Lets time pass until the promise settles. Rejects when it still has not and nothing is left to wake, or at `limitNs`. */
  runUntil<T>(promise: Promise<T>, limitNs?: number): Promise<T>;
}

interface Wake {
  atNs: number;
  order: number;
  wake: () => void;
}

export function createVirtualClock(startNs = 0): VirtualClock {
  let timeNs = startNs;
  let orders = 0;
  const wakes = new Set<Wake>();

  const next = (): Wake | undefined => {
    let first: Wake | undefined;
    for (const wake of wakes) {
      if (
        first === undefined ||
        wake.atNs < first.atNs ||
        (wake.atNs === first.atNs && wake.order < first.order)
      ) {
        first = wake;
      }
    }
    return first;
  };

  const step = (wake: Wake): void => {
    wakes.delete(wake);
    timeNs = Math.max(timeNs, wake.atNs);
    wake.wake();
  };

  return {
    nowNs: () => timeNs,
    at(atNs, wake) {
      // Whole ns, as the port promises, and never early.
      const entry = { atNs: Math.max(Math.ceil(atNs), timeNs), order: orders++, wake };
      wakes.add(entry);
      return () => wakes.delete(entry);
    },
    async advance(toNs) {
      await settle();
      for (let wake = next(); wake !== undefined && wake.atNs <= toNs; wake = next()) {
        step(wake);
        await settle();
      }
      timeNs = Math.max(timeNs, toNs);
    },
    async runUntil(promise, limitNs = Infinity) {
      let isSettled = false;
      const watch = (): void => {
        isSettled = true;
      };
      promise.then(watch, watch);
      await settle();
      while (!isSettled) {
        const wake = next();
        if (wake === undefined || wake.atNs > limitNs) throw new Error(`still open at ${timeNs} ns`);
        step(wake);
        await settle();
      }
      return promise;
    },
  };
}

/** Lets promises and stream callbacks run out. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

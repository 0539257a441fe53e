import { Worker } from 'node:worker_threads';
import { ALARM_CELL, RING_CELL } from './alarm-cells.ts';

/** Wakes this thread's event loop at a time, to a fraction of a millisecond, without keeping it busy until then. */
export interface ThreadAlarm {
  /** Rings once at `atNs` of the monotonic clock; a time set before is forgotten. */
  set(atNs: number): void;
}

/**
 * Timers of libuv tick in milliseconds; a condition variable does not. So a second thread, which does nothing else,
 * sleeps on one and rings. It costs two wake-ups of a thread (about 10 us of CPU), where turning the event loop until
 * the time is there costs a whole core. A ring may be missed when the thread dies or starves: the caller keeps a
 * timer besides. The thread keeps no process alive.
 */
export function createThreadAlarm(ring: () => void): ThreadAlarm {
  const shared = new SharedArrayBuffer(16);
  const cells = new Int32Array(shared, 0, 2);
  const atNs = new Float64Array(shared, 8, 1);
  const worker = new Worker(new URL('./alarm-thread.js', import.meta.url), { workerData: { cells, atNs } });
  worker.unref();
  // Without the thread the caller's timers go on, a millisecond coarser.
  worker.on('error', () => {});
  const listen = (): void => {
    const { async, value } = waitAsync(cells, RING_CELL, Atomics.load(cells, RING_CELL));
    if (async) void value.then(onRing);
    else setImmediate(onRing);
  };
  const onRing = (): void => {
    listen();
    ring();
  };
  listen();
  return {
    set(ns) {
      atNs[0] = ns;
      Atomics.add(cells, ALARM_CELL, 1);
      Atomics.notify(cells, ALARM_CELL);
    },
  };
}

type WaitResult = { async: true; value: Promise<string> } | { async: false; value: string };

/** Part of ES2024, and of every Node that runs this; the library typings in use end a year earlier. */
const { waitAsync } = Atomics as unknown as {
  waitAsync(cells: Int32Array, index: number, seen: number): WaitResult;
};

import { Worker } from 'node:worker_threads';
import { ALARM_CELL, ASLEEP_TO, AT, READY_CELL, RING_CELL, TAKEN_CELL, THEN } from './alarm-cells.ts';

/** Wakes this thread's event loop at a time, to some microseconds, without keeping it busy until then. */
export interface ThreadAlarm {
  /**
   * Rings once at `atNs` of the monotonic clock; a time set before is forgotten. And once more at `thenNs`, if by then
   * nothing else is set: setting just that time costs next to nothing.
   */
  set(atNs: number, thenNs?: number): void;
  /** Whether it will ring: not before its thread has started, nor when that has died. */
  readonly isReady: boolean;
}

/** Times are the same when they are no further apart. */
const SAME_NS = 20_000;

/**
 * Timers of libuv tick in milliseconds; a condition variable does not. So a second thread, which does nothing else,
 * sleeps on one and rings. A ring costs two wake-ups of a thread (up to 100 us of CPU where all are asleep), and
 * setting a time the thread does not know yet a third; turning the event loop until the time is there costs a whole
 * core. A ring may be missed when the thread dies or starves: the caller keeps a timer besides. The thread keeps no
 * process alive.
 */
export function createThreadAlarm(ring: () => void): ThreadAlarm {
  const shared = new SharedArrayBuffer(40);
  const cells = new Int32Array(shared, 0, 4);
  const timesNs = new Float64Array(shared, 16, 3).fill(Infinity);
  const worker = new Worker(new URL('./alarm-thread.js', import.meta.url), {
    workerData: { cells, timesNs },
  });
  worker.unref();
  // Without the thread the caller's timers go on, a millisecond coarser.
  worker.on('error', () => {});
  worker.on('exit', () => Atomics.store(cells, READY_CELL, 0));
  listen(cells, ring);
  /** It is on its way there. A time that it has not taken yet would still take it elsewhere. */
  const isAsleepTo = (atNs: number): boolean =>
    Atomics.load(cells, TAKEN_CELL) === cells[ALARM_CELL] &&
    Math.abs((timesNs[ASLEEP_TO] as number) - atNs) < SAME_NS;
  return {
    set(atNs, thenNs = Infinity) {
      timesNs[THEN] = thenNs;
      if (isAsleepTo(atNs)) return;
      timesNs[AT] = atNs;
      Atomics.add(cells, ALARM_CELL, 1);
      Atomics.notify(cells, ALARM_CELL);
    },
    get isReady() {
      return cells[READY_CELL] === 1;
    },
  };
}

function listen(cells: Int32Array, ring: () => void): void {
  const onRing = (): void => {
    again();
    ring();
  };
  const again = (): void => {
    const { async, value } = waitAsync(cells, RING_CELL, Atomics.load(cells, RING_CELL));
    if (async) void value.then(onRing);
    else setImmediate(onRing);
  };
  again();
}

type WaitResult = { async: true; value: Promise<string> } | { async: false; value: string };

/** Part of ES2024, and of every Node that runs this; the library typings in use end a year earlier. */
const { waitAsync } = Atomics as unknown as {
  waitAsync(cells: Int32Array, index: number, seen: number): WaitResult;
};

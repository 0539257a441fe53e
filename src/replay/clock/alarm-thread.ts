import { workerData } from 'node:worker_threads';
import { ALARM_CELL, type AlarmCells, hrNowNs, RING_CELL } from './alarm-cells.ts';

/**
 * Program of the thread behind `createThreadAlarm`: sleeps until the time it is given, to a fraction of a
 * millisecond, and rings. A new time wakes it as well.
 */
const { cells, atNs } = workerData as AlarmCells;
let rungFor = 0;
for (;;) {
  const seen = Atomics.load(cells, ALARM_CELL);
  const leftNs = (atNs[0] ?? 0) - hrNowNs();
  if (seen === rungFor) Atomics.wait(cells, ALARM_CELL, seen);
  else if (leftNs > 0) Atomics.wait(cells, ALARM_CELL, seen, leftNs / 1e6);
  else {
    rungFor = seen;
    Atomics.add(cells, RING_CELL, 1);
    Atomics.notify(cells, RING_CELL);
  }
}

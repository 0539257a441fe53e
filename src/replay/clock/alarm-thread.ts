import { workerData } from 'node:worker_threads';
import {
  ALARM_CELL,
  type AlarmCells,
  ASLEEP_TO,
  AT,
  hrNowNs,
  READY_CELL,
  RING_CELL,
  TAKEN_CELL,
  THEN,
} from './alarm-cells.ts';
import { sleepExactly } from './exact-sleep.ts';

/**
 * Program of the thread behind `createThreadAlarm`: sleeps until the time it is given, to some microseconds, rings,
 * and goes to sleep until the time after that. A new time wakes it as well.
 */
const { cells, timesNs } = workerData as AlarmCells;
let seen = 0;
sleepExactly();
timesNs[ASLEEP_TO] = Infinity;
Atomics.store(cells, READY_CELL, 1);
for (;;) {
  const count = Atomics.load(cells, ALARM_CELL);
  if (count !== seen) {
    timesNs[ASLEEP_TO] = timesNs[AT] as number;
    Atomics.store(cells, TAKEN_CELL, count);
  }
  seen = count;
  const atNs = timesNs[ASLEEP_TO] as number;
  const leftNs = atNs - hrNowNs();
  if (leftNs > 0) Atomics.wait(cells, ALARM_CELL, count, leftNs / 1e6);
  else {
    const thenNs = timesNs[THEN] as number;
    timesNs[ASLEEP_TO] = thenNs > atNs ? thenNs : Infinity;
    Atomics.add(cells, RING_CELL, 1);
    Atomics.notify(cells, RING_CELL);
  }
}

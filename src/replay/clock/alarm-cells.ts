/** Memory shared with the thread: counters to sleep on, and times in ns. */
export interface AlarmCells {
  readonly cells: Int32Array;
  readonly timesNs: Float64Array;
}

/** The cell that counts how often times were set. */
export const ALARM_CELL = 0;
/** The cell that counts how often the alarm rang. */
export const RING_CELL = 1;
/** The cell that is 1 while the thread is there to ring. */
export const READY_CELL = 2;
/** The cell that holds the count of the alarm cell that the thread sleeps by, which it alone writes. */
export const TAKEN_CELL = 3;

/** The time to ring at. */
export const AT = 0;
/** The time to ring at after that, unless others are set by then; Infinity: none. */
export const THEN = 1;
/** The time the thread sleeps to, which it alone writes; Infinity: until times are set. */
export const ASLEEP_TO = 2;

/** Reads the monotonic clock that all threads of the process share, in ns. */
export function hrNowNs(): number {
  return Number(process.hrtime.bigint());
}

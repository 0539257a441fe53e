/** Memory shared with the thread: counters to sleep on, and the time of the alarm. */
export interface AlarmCells {
  readonly cells: Int32Array;
  readonly atNs: Float64Array;
}

/** Counts times that were set. */
export const ALARM_CELL = 0;
/** Counts rings. */
export const RING_CELL = 1;

/** The monotonic clock that all threads of the process share, in ns. */
export function hrNowNs(): number {
  return Number(process.hrtime.bigint());
}

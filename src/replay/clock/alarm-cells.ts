/** Memory shared with the thread: counters to sleep on, and the time of the alarm. */
export interface AlarmCells {
  readonly cells: Int32Array;
  readonly atNs: Float64Array;
}

/** The cell that counts how often a time was set. */
export const ALARM_CELL = 0;
/** The cell that counts how often the alarm rang. */
export const RING_CELL = 1;

/** Reads the monotonic clock that all threads of the process share, in ns. */
export function hrNowNs(): number {
  return Number(process.hrtime.bigint());
}

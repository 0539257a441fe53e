/** A stretch of wall-clock time, Unix ns. */
export interface UnixSpan {
  readonly startUnixNs: bigint;
  /** Exclusive. */
  readonly endUnixNs: bigint;
}

export function earlier(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

export function later(a: bigint, b: bigint): bigint {
  return a < b ? b : a;
}

/** Compares two times for `sort`: -1, 0 or 1. */
export function compareTimes(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}

/** The wall clock in Unix ms, for headers and for what is told to people: it may jump, and never measures. */
export function wallClockMs(): number {
  return Date.now();
}

/** The wall clock in Unix ns (ms resolution), for times given relative to now. */
export function wallClockUnixNs(): bigint {
  return BigInt(wallClockMs()) * 1_000_000n;
}

/** The wall clock in Unix ns (ms resolution), for times given relative to now. */
export function wallClockUnixNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

/** Tells the time of a record: the wall time is read once, and a monotonic clock counts from it. */
export interface CaptureClock {
  /** Unix ns of the moment `nowNs` counts from. */
  readonly epochUnixNs: bigint;
  /** Integer ns since the epoch; never goes back, whatever happens to the wall clock. */
  nowNs(): number;
}

/** How far the process's own idea of the wall clock may be off before it is not believed, in ms. */
const MAX_DRIFT_MS = 2;

/** Makes the real clock of a capture; its epoch is the moment of this call. */
export function createCaptureClock(): CaptureClock {
  const anchorMs = performance.now();
  const preciseMs = performance.timeOrigin + anchorMs;
  const wallMs = Date.now();
  // `timeOrigin` has microseconds but is as old as the process; the wall clock may have been set since.
  const unixMs = Math.abs(preciseMs - wallMs) <= MAX_DRIFT_MS ? preciseMs : wallMs;
  const wholeMs = Math.floor(unixMs);
  return {
    epochUnixNs: BigInt(wholeMs) * 1_000_000n + BigInt(Math.floor((unixMs - wholeMs) * 1e6)),
    nowNs: () => Math.round((performance.now() - anchorMs) * 1e6),
  };
}

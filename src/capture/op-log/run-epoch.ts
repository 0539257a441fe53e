/** 26 days: a quarter of what the format can tell from one epoch. */
const STEP_NS = 2 ** 51;

/**
 * The epoch of what is written at `nowNs`, in ns from the run's own, as all times of capture are. It moves on with the
 * run, which may last longer than the 104 days that the format can tell, and stays 26 days behind: operations of that
 * length start after it.
 */
export function epochNsAt(nowNs: number): number {
  return Math.max(0, Math.floor(nowNs / STEP_NS) - 1) * STEP_NS;
}

/** The time `ns` of a run as it is written from the epoch `epochNs`, or the last that can be. */
export function nsSince(epochNs: number, ns: number): number {
  return Math.min(ns - epochNs, Number.MAX_SAFE_INTEGER);
}

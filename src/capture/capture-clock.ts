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

/** A moment of a clock that other processes of this machine can go on from: their monotonic clocks are one. */
export interface ClockMoment {
  readonly epochUnixNs: bigint;
  readonly nowNs: number;
  /** The monotonic clock of the machine at that moment. */
  readonly monotonicNs: bigint;
}

/** Reads a clock, so that another process can have the same one. */
export function momentOf({ epochUnixNs, nowNs }: CaptureClock): ClockMoment {
  return { epochUnixNs, ...readTogether(nowNs) };
}

/** Makes the clock that another process has: the same epoch, the same time, whatever happened to the wall clock since. */
export function createSameClock(moment: ClockMoment): CaptureClock {
  const ownNs = (): number => Math.round(performance.now() * 1e6);
  const here = readTogether(ownNs);
  const aheadNs = moment.nowNs - here.nowNs + Number(here.monotonicNs - moment.monotonicNs);
  return { epochUnixNs: moment.epochUnixNs, nowNs: () => ownNs() + aheadNs };
}

/** Two clocks at one time, as nearly as can be: a process may be stopped between one and the other. */
function readTogether(nowNs: () => number): Pick<ClockMoment, 'nowNs' | 'monotonicNs'> {
  let best = { nowNs: 0, monotonicNs: 0n, apartNs: Number.POSITIVE_INFINITY };
  for (let tries = 0; tries < 10; tries++) {
    const before = process.hrtime.bigint();
    const read = nowNs();
    const apartNs = Number(process.hrtime.bigint() - before);
    if (apartNs < best.apartNs) best = { nowNs: read, monotonicNs: before, apartNs };
  }
  return { nowNs: best.nowNs, monotonicNs: best.monotonicNs };
}

/** The two clocks that are compared. */
export interface ClockPair {
  /** Reads the wall clock, Unix ms. */
  wallMs(): number;
  /** Reads the monotonic clock, ns. */
  monotonicNs(): number;
}

/** Finds steps of the wall clock, which show that somebody set it or the machine slept. */
export interface ClockWatch {
  /** Compares the clocks; to be called now and then. */
  look(): void;
  /** The largest step seen, in ns, forwards or backwards; undefined before two looks. */
  readonly largestStepNs: number | undefined;
}

/** Reading both clocks takes under a microsecond; longer apart than this, the process was interrupted in between. */
const LONGEST_READING_NS = 2e6;
const TRIES = 3;

/**
 * Compares how far both clocks went between two looks. A clock that is slewed (NTP, at most 500 ppm) moves by 0.5 ms
 * between looks a second apart, however long the run; only what it jumps counts.
 */
export function createClockWatch({ wallMs, monotonicNs }: ClockPair): ClockWatch {
  let lastOffsetNs: number | undefined;
  let largestStepNs: number | undefined;
  const offsetNs = (): number | undefined => {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const beforeNs = monotonicNs();
      const wallNs = wallMs() * 1e6;
      const afterNs = monotonicNs();
      if (afterNs - beforeNs <= LONGEST_READING_NS) return wallNs - beforeNs;
    }
    return undefined;
  };
  return {
    look: () => {
      const nowNs = offsetNs();
      if (nowNs === undefined) return;
      if (lastOffsetNs !== undefined) {
        largestStepNs = Math.max(largestStepNs ?? 0, Math.abs(nowNs - lastOffsetNs));
      }
      lastOffsetNs = nowNs;
    },
    get largestStepNs() {
      return largestStepNs;
    },
  };
}

import { sampleTimeNs } from '../../time-distribution.ts';
import type { Latency } from './latency.ts';
import { uniformOf } from './seeded.ts';
import { afterStalls, type Stall } from './stall.ts';

/** Draws are spread out so that no two questions about one operation share a random number. */
const ERROR_DRAW = 1;
const FIRST_LATENCY_DRAW = 16;

export interface FaultOptions {
  seed: number;
  latency: Latency;
  /** 0 to 1. */
  errorRate: number;
  stalls: readonly Stall[];
  /** Monotonic time of the server's start, ns. */
  startNs: number;
}

/** What goes wrong on purpose: a pure function of the seed and an operation's number. */
export interface Faults {
  fails(operation: number): boolean;
  /** When answer `part` (0, 1, …) of an operation is due, in ns on the monotonic clock. */
  dueNs(operation: number, part: number, fromNs: number): number;
  /** The first moment at or after `fromNs` that lies in no stall. */
  afterStallsNs(fromNs: number): number;
}

export function createFaults(options: FaultOptions): Faults {
  const { seed, latency, errorRate, startNs } = options;
  const stalls = [...options.stalls].sort((a, b) => a.startNs - b.startNs);
  const latencyNs = (operation: number, part: number) =>
    sampleTimeNs(latency, (draw) => uniformOf(seed, operation, FIRST_LATENCY_DRAW + 2 * part + draw));
  return {
    fails: (operation) => errorRate > 0 && uniformOf(seed, operation, ERROR_DRAW) < errorRate,
    afterStallsNs: (fromNs) => startNs + afterStalls(stalls, fromNs - startNs),
    dueNs: (operation, part, fromNs) =>
      startNs + afterStalls(stalls, fromNs + latencyNs(operation, part) - startNs),
  };
}

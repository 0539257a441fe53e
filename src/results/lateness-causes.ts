import { Histogram } from './histogram.ts';

/** Lateness up to here is a timer's tick and has no cause (libuv timers tick in 1 ms). */
export const LATENESS_TOLERANCE_NS = 1_000_000;

/** Operations that left later than the tolerance for one cause, and how much later in all. */
export interface LatenessCause {
  ops: number;
  totalNs: number;
}

/**
 * Says who made operations late. `gate`: their session. `backPressure`: in flight was full, from then until an
 * operation leaves on time again. `generator`: everything else — the scheduler, the machine, connection set-up.
 */
export class LatenessCauses {
  readonly gate: LatenessCause = { ops: 0, totalNs: 0 };
  readonly backPressure: LatenessCause = { ops: 0, totalNs: 0 };
  readonly generator: LatenessCause = { ops: 0, totalNs: 0 };
  /** Lateness of the operations that back-pressure did not hold. */
  readonly generatorLateness = new Histogram();
  readonly #limit: number;
  #congested = false;

  /** `limit`: operations in flight at which the next one has to wait. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  onInFlight(inFlight: number): void {
    if (inFlight >= this.#limit) this.#congested = true;
  }

  onSent(gateWaitNs: number, latenessNs: number): void {
    if (gateWaitNs > LATENESS_TOLERANCE_NS) count(this.gate, gateWaitNs);
    const late = latenessNs > LATENESS_TOLERANCE_NS;
    if (!late) this.#congested = false;
    if (this.#congested) {
      count(this.backPressure, latenessNs);
      return;
    }
    if (late) count(this.generator, latenessNs);
    this.generatorLateness.record(latenessNs);
  }
}

function count(cause: LatenessCause, ns: number): void {
  cause.ops++;
  cause.totalNs += ns;
}

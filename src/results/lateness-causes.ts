import type { Operation } from '../replay/ports.ts';
import { Histogram } from './histogram.ts';

/** Lateness up to here is a timer's tick and has no cause (libuv timers tick in 1 ms). */
export const LATENESS_TOLERANCE_NS = 1_000_000;

/** Operations that left later than the tolerance for one cause, and how much later in all. */
export interface LatenessCause {
  ops: number;
  totalNs: number;
}

/**
 * Says who made operations late. `gate`: their session. `backPressure`: in flight (or every connection) was full when
 * they were ready or sent, and so until an operation leaves on time again: what had piled up is the target's as well.
 * `generator`: everything else — the scheduler, the machine, connection set-up. Follows from the sends and their order
 * alone, so that a replay log proves it.
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

  /** Takes an operation that was sent, and how many were in flight with it. */
  onSent({ dueNs, readyNs, sentNs = readyNs, fullNs }: Operation, inFlight: number): void {
    const [gateWaitNs, latenessNs] = [readyNs - dueNs, sentNs - readyNs];
    if (gateWaitNs > LATENESS_TOLERANCE_NS) count(this.gate, gateWaitNs);
    const late = latenessNs > LATENESS_TOLERANCE_NS;
    const wasFull = fullNs > LATENESS_TOLERANCE_NS || inFlight >= this.#limit;
    this.#congested = late && (this.#congested || wasFull);
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

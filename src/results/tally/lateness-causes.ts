import type { Operation } from '../../replay/ports.ts';
import { type FrozenHistogram, Histogram } from '../histogram/histogram.ts';
import { addSums, drainSums } from '../histogram/sums.ts';

/** Lateness up to here is a timer's tick and has no cause (libuv timers tick in 1 ms). */
export const LATENESS_TOLERANCE_NS = 1_000_000;

/** Operations that one cause made later than the tolerance, and by how much in all. */
export interface LatenessCause {
  ops: number;
  totalNs: number;
}

/** What was summed since the causes were drained last. */
export interface LatenessCausesPart {
  gate: Readonly<LatenessCause> | undefined;
  backPressure: Readonly<LatenessCause> | undefined;
  generator: Readonly<LatenessCause> | undefined;
  generatorLateness: FrozenHistogram;
}

/**
 * Sums the parts of the send error by who is to blame. `gate`: the session. `backPressure`: in flight, or every
 * connection, was full. `generator`: everything else — reading, stalls, the scheduler, connection set-up. Catching up
 * is to the account of what there is to catch up on: back-pressure, from an operation that waited for it until one
 * leaves on time again, else the generator.
 */
export class LatenessCauses {
  readonly gate: LatenessCause = { ops: 0, totalNs: 0 };
  readonly backPressure: LatenessCause = { ops: 0, totalNs: 0 };
  readonly generator: LatenessCause = { ops: 0, totalNs: 0 };
  /** The generator's part in the lateness of every operation. */
  readonly generatorLateness = new Histogram();
  #isAfterFull = false;

  /** Takes operations in the order in which they were sent. */
  onSent({ dueNs, readyNs, sentNs = readyNs, fullNs, pacedNs }: Operation): void {
    const latenessNs = sentNs - readyNs;
    const isLate = latenessNs > LATENESS_TOLERANCE_NS;
    this.#isAfterFull = isLate && (this.#isAfterFull || fullNs > LATENESS_TOLERANCE_NS);
    const heldNs = this.#isAfterFull ? fullNs + pacedNs : fullNs;
    count(this.gate, readyNs - dueNs);
    count(this.backPressure, heldNs);
    count(this.generator, latenessNs - heldNs);
    this.generatorLateness.record(latenessNs - heldNs);
  }

  /**
   * Takes out what was summed since the last drain; undefined where nothing was sent. What is being caught up on stays
   * known.
   */
  drain(): LatenessCausesPart | undefined {
    const generatorLateness = this.generatorLateness.drain();
    if (generatorLateness === undefined) return undefined;
    return {
      gate: drainSums(this.gate, SUMS),
      backPressure: drainSums(this.backPressure, SUMS),
      generator: drainSums(this.generator, SUMS),
      generatorLateness,
    };
  }

  addPart({ gate, backPressure, generator, generatorLateness }: LatenessCausesPart): void {
    addSums(this.gate, gate);
    addSums(this.backPressure, backPressure);
    addSums(this.generator, generator);
    this.generatorLateness.addFrozen(generatorLateness);
  }
}

const SUMS = ['ops', 'totalNs'] as const;

function count(cause: LatenessCause, ns: number): void {
  if (ns <= LATENESS_TOLERANCE_NS) return;
  cause.ops++;
  cause.totalNs += ns;
}

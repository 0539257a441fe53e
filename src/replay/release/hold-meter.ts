import type { Waits } from '../ports.ts';

/** What keeps operations that are ready from leaving. `full`: in flight, or what may be held, is at its limit. */
export type Hold = 'none' | 'full' | 'paced';

/** An operation that waits are charged to. */
interface ChargedOperation extends Waits {
  readyNs: number;
}

/** The waits of an operation that waited for nothing. */
export const NO_WAITS: Waits = { readingNs: 0, fullNs: 0, pacedNs: 0, stalledNs: 0 };

/** Waking this much later than asked is no jitter: the event loop, or the whole process, stood still. */
export const STALL_NS = 10e6;

/** Times the event loop stood still while something was due. */
export interface Stalls {
  count: number;
  totalNs: number;
  maxNs: number;
}

/**
 * Says what an operation waited for between being ready and leaving. The release loop tells it, at every look it
 * takes, the time, when it had asked to be woken, and what holds operations from here on; so time falls apart into
 * spans that were free, full, paced or stalled, and an operation is charged for those it lived through. What is left
 * over is the scheduler's own.
 */
export class HoldMeter {
  readonly stalls: Stalls = { count: 0, totalNs: 0, maxNs: 0 };
  readonly #full = new SpanSum();
  readonly #paced = new SpanSum();
  readonly #stalled = new SpanSum();
  #hold: Hold = 'none';
  #lookedNs: number | undefined;
  #expectedNs = Infinity;

  /** The hold since the last look. */
  get hold(): Hold {
    return this.#hold;
  }

  /** The loop looks at the clock and goes on at once: the next look belongs here as well. */
  look(nowNs: number): void {
    this.#account(nowNs);
    this.#expectedNs = nowNs;
  }

  /** The loop goes to sleep until `expectedNs`, or until something happens. */
  rest(nowNs: number, expectedNs: number, hold: Hold): void {
    this.#account(nowNs);
    this.#expectedNs = expectedNs;
    this.#hold = hold;
  }

  /** Something happened while the loop slept, which changes what holds operations. */
  interrupt(nowNs: number): void {
    const expectedNs = this.#expectedNs;
    this.#account(nowNs);
    this.#expectedNs = Math.max(expectedNs, nowNs);
  }

  /** The operation is ready since `readyNs`, and was there (read from the trace) since `readNs`. */
  begin(flight: ChargedOperation, readNs: number): void {
    const { readyNs } = flight;
    const fromNs = Math.max(readyNs, readNs);
    const fullBeforeNs = this.#full.at(fromNs) - this.#full.at(readyNs);
    flight.readingNs = Math.max(0, fromNs - readyNs - fullBeforeNs);
    flight.fullNs = -this.#full.at(readyNs);
    flight.pacedNs = -this.#paced.at(fromNs);
    flight.stalledNs = -this.#stalled.at(fromNs);
  }

  /** Charges an operation that leaves now, at the time of the last look. */
  end(flight: Waits): void {
    flight.fullNs += this.#full.totalNs;
    flight.pacedNs += this.#paced.totalNs;
    flight.stalledNs += this.#stalled.totalNs;
  }

  #account(nowNs: number): void {
    const fromNs = this.#lookedNs ?? nowNs;
    const stalledFromNs = nowNs - this.#expectedNs > STALL_NS ? Math.max(fromNs, this.#expectedNs) : nowNs;
    if (this.#hold === 'full') this.#full.add(fromNs, stalledFromNs);
    if (this.#hold === 'paced') this.#paced.add(fromNs, stalledFromNs);
    if (stalledFromNs < nowNs) this.#stall(stalledFromNs, nowNs);
    this.#lookedNs = nowNs;
  }

  #stall(fromNs: number, toNs: number): void {
    const { stalls } = this;
    this.#stalled.add(fromNs, toNs);
    stalls.count += 1;
    stalls.totalNs += toNs - fromNs;
    stalls.maxNs = Math.max(stalls.maxNs, toNs - fromNs);
  }
}

/** Spans that are remembered one by one: operations become ready in the last of them. */
const REMEMBERED = 16;

/** Adds up the length of spans of time, and knows what the sum was at recent moments. */
class SpanSum {
  totalNs = 0;
  readonly #fromNs = new Float64Array(REMEMBERED);
  readonly #toNs = new Float64Array(REMEMBERED).fill(-Infinity);
  #newest = 0;

  /** Spans come in the order of time; one that touches the last makes it longer. */
  add(fromNs: number, toNs: number): void {
    if (toNs <= fromNs) return;
    this.totalNs += toNs - fromNs;
    if (this.#toNs[this.#newest] !== fromNs) {
      this.#newest = (this.#newest + 1) % REMEMBERED;
      this.#fromNs[this.#newest] = fromNs;
    }
    this.#toNs[this.#newest] = toNs;
  }

  /** The sum as it was at `ns`. */
  at(ns: number): number {
    let sinceNs = 0;
    for (let back = 0; back < REMEMBERED; back += 1) {
      const at = (this.#newest + REMEMBERED - back) % REMEMBERED;
      const toNs = this.#toNs[at] as number;
      if (toNs <= ns) break;
      sinceNs += toNs - Math.max(ns, this.#fromNs[at] as number);
    }
    return this.totalNs - sinceNs;
  }
}

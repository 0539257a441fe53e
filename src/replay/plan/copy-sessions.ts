import type { TimeWindow, TraceRecord } from '../../trace/record/record.ts';
import type { Copier, Copy } from './copier.ts';

export interface CopyOptions {
  /** How often each session takes part, at least 1. */
  readonly copies: number;
  /** Longest shift of a copy, in ns of recorded time. */
  readonly copySpreadNs: number;
  readonly seed: number;
}

/**
 * Copy 0 is the recording; copy k has sessions called `session#k` and is shifted as a whole by one offset, drawn from the
 * seed, so that it keeps the bursts of the recording without doubling them to the nanosecond. Holds the records of the last
 * `copySpreadNs` of the recording.
 */
export function createCopier(options: CopyOptions): Copier {
  return options.copies === 1 ? new OneCopy() : new ShiftedCopies(copyShifts(options));
}

/** Shift of each copy in ns, the first one 0, the others evenly spread below `copySpreadNs`. */
export function copyShifts({ copies, copySpreadNs, seed }: CopyOptions): number[] {
  const random = mulberry32(seed);
  return Array.from({ length: copies }, (_, at) => (at === 0 ? 0 : Math.floor(random() * copySpreadNs)));
}

/** Number in the plan of a copy of the record with that number. */
export function copyNumber(number: number, copy: number, copies: number): number {
  return number * copies + copy;
}

/** The window of one pass over the copied trace: the last copy ends later by its shift. */
export function copiedWindow(window: TimeWindow | undefined, options: CopyOptions): TimeWindow | undefined {
  if (window === undefined || options.copies === 1) return window;
  return { startNs: window.startNs, endNs: window.endNs + Math.max(...copyShifts(options)) };
}

class OneCopy implements Copier {
  #next: Copy | undefined;

  add(record: TraceRecord, number: number): void {
    this.#next = { record, number, startNs: record.startNs };
  }

  end(): void {}

  take(): Copy | undefined {
    const next = this.#next;
    this.#next = undefined;
    return next;
  }
}

/**
 * Every copy is the same row of records, later by its shift: so one row is held and each copy has its place in it,
 * and the next to go is the one whose place comes first.
 */
class ShiftedCopies implements Copier {
  readonly #shiftsNs: readonly number[];
  readonly #places: number[];
  /** The copy with the longest shift is behind all others in the row. */
  readonly #lagging: number;
  #row: Copy[] = [];
  /** Copies that start before this may go. */
  #frontierNs = -Infinity;

  constructor(shiftsNs: readonly number[]) {
    this.#shiftsNs = shiftsNs;
    this.#places = shiftsNs.map(() => 0);
    this.#lagging = shiftsNs.lastIndexOf(Math.max(...shiftsNs));
  }

  add(record: TraceRecord, number: number): void {
    this.#row.push({ record, number, startNs: record.startNs });
    // A start that goes back (a source that is not sorted) moves nothing back.
    this.#frontierNs = Math.max(this.#frontierNs, record.startNs);
  }

  end(): void {
    this.#frontierNs = Infinity;
  }

  take(): Copy | undefined {
    const copy = this.#first();
    if (copy === undefined) {
      if (this.#frontierNs === Infinity) this.#beginAgain();
      return undefined;
    }
    const original = this.#row[this.#places[copy] as number] as Copy;
    this.#places[copy] = (this.#places[copy] as number) + 1;
    if (copy === this.#lagging) this.#forget();
    return this.#copyOf(original, copy);
  }

  #copyOf({ record, number: original }: Copy, copy: number): Copy {
    const number = copyNumber(original, copy, this.#shiftsNs.length);
    const startNs = record.startNs + (this.#shiftsNs[copy] as number);
    if (copy === 0) return { record, number, startNs };
    return { record: { ...record, startNs, session: `${record.session}#${copy}` }, number, startNs };
  }

  /** The copy whose next record comes first; of two at the same time the one with the lower number. */
  #first(): number | undefined {
    let first: number | undefined;
    let firstNs = this.#frontierNs;
    for (let copy = 0; copy < this.#places.length; copy += 1) {
      const next = this.#row[this.#places[copy] as number];
      if (next === undefined) continue;
      const startNs = next.record.startNs + (this.#shiftsNs[copy] as number);
      // What starts with the record added last may go as well: what follows it starts no earlier.
      if (startNs < firstNs || (first === undefined && startNs === firstNs)) {
        first = copy;
        firstNs = startNs;
      }
    }
    return first;
  }

  /** Drops what all copies have passed, now and then. */
  #forget(): void {
    const passed = Math.min(...this.#places);
    if (passed < 1024 || passed * 2 < this.#row.length) return;
    this.#row = this.#row.slice(passed);
    for (let copy = 0; copy < this.#places.length; copy += 1) {
      this.#places[copy] = (this.#places[copy] as number) - passed;
    }
  }

  /** The pass is over and all its copies have gone. */
  #beginAgain(): void {
    this.#row = [];
    this.#places.fill(0);
    this.#frontierNs = -Infinity;
  }
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

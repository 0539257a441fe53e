import { MinHeap } from '../../min-heap.ts';

/** Due times held at most; what is farther out of order than that is not put right. */
const WINDOW = 65_536;

/**
 * Puts due times into order that come a little out of it: those of a plan that follows from answers, or is merged
 * from copies, are heard of in the order in which operations left.
 */
export class DueSorter {
  readonly #onDue: (dueNs: number) => void;
  readonly #heap = new MinHeap<number>((a, b) => a < b);
  #lastNs = -Infinity;
  #misplaced = 0;

  constructor(onDue: (dueNs: number) => void) {
    this.#onDue = onDue;
  }

  /** How many due times came too late to be put where they belong; they are left out. */
  get misplaced(): number {
    return this.#misplaced;
  }

  add(dueNs: number): void {
    this.#heap.push(dueNs);
    if (this.#heap.size > WINDOW) this.#pass();
  }

  /** Passes on what is held: nothing earlier will come. */
  flush(): void {
    while (this.#heap.size > 0) this.#pass();
  }

  #pass(): void {
    const dueNs = this.#heap.pop() as number;
    if (dueNs < this.#lastNs) {
      this.#misplaced++;
      return;
    }
    this.#lastNs = dueNs;
    this.#onDue(dueNs);
  }
}

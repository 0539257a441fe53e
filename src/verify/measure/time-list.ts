import type { SortedTimes } from './exact-times.ts';

/** A list of times in ns that grows, eight bytes each. */
export class TimeList {
  #times = new Float64Array(1024);
  #count = 0;

  add(ns: number): void {
    if (this.#count === this.#times.length) {
      const longer = new Float64Array(2 * this.#count);
      longer.set(this.#times);
      this.#times = longer;
    }
    this.#times[this.#count++] = ns;
  }

  /** Returns all times in order; nothing may be added afterwards. */
  sorted(): SortedTimes {
    return this.#times.subarray(0, this.#count).sort();
  }
}

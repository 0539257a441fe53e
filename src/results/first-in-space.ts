/** Spaces that are looked at: the first of a trace. */
const MOST_SPACES = 256;
/** Slower than this, and by so many times slower than the median of all, is a space that was being made. */
const STALLED = { leastNs: 1e9, timesMedian: 10 };

/** Looks at the first answer in each space, which on a fresh server takes as long as making the space. */
export class FirstInSpace {
  readonly #firstNs = new Map<string, number>();

  add(space: string, serviceNs: number): void {
    if (space === '' || this.#firstNs.has(space) || this.#firstNs.size >= MOST_SPACES) return;
    this.#firstNs.set(space, serviceNs);
  }

  /** Spaces whose first answer was slow beside what followed. */
  stalled(medianNs: number | undefined): { spaces: number; longestNs: number } {
    const limitNs = Math.max(STALLED.leastNs, STALLED.timesMedian * (medianNs ?? Infinity));
    const slow = [...this.#firstNs.values()].filter((ns) => ns > limitNs);
    return { spaces: slow.length, longestNs: Math.max(0, ...slow) };
  }
}

import type { OperationWeights } from '../workload/scenario/scenario.ts';

/** The operations of a scenario, by the place they have in counts. */
export const OPERATION_KEYS = [
  'store',
  'recall',
  'embeddingSearch',
  'patternCompletion',
] as const satisfies readonly (keyof OperationWeights)[];

/** Which operation of a scenario stands for an op of the engram dialect. */
export const OPERATION_OF: Readonly<Record<string, keyof OperationWeights>> = {
  remember: 'store',
  remember_episode: 'store',
  recall: 'recall',
  search: 'embeddingSearch',
  query: 'embeddingSearch',
  complete: 'patternCompletion',
};

const FIRST_WIDTH_NS = 10e6;
const MOST_BINS = 512;

/** How many of each operation came when, in at most 512 bins of one width that doubles when they are too few. */
export class MixOverTime {
  readonly #counts = OPERATION_KEYS.map(() => new Float64Array(MOST_BINS));
  #widthNs = FIRST_WIDTH_NS;
  #bins = 0;

  add(operation: keyof OperationWeights, atNs: number): void {
    let bin = Math.max(0, Math.floor(atNs / this.#widthNs));
    for (; bin >= MOST_BINS; bin = Math.floor(bin / 2)) this.#double();
    const counts = this.#counts[OPERATION_KEYS.indexOf(operation)] as Float64Array;
    counts[bin] = (counts[bin] as number) + 1;
    this.#bins = Math.max(this.#bins, bin + 1);
  }

  get widthNs(): number {
    return this.#widthNs;
  }

  get bins(): number {
    return this.#bins;
  }

  /** Counts up to the beginning of each bin, and of the end: those of a stretch are a difference of two. */
  sums(): number[][] {
    return this.#counts.map((counts) => {
      const sums = [0];
      for (let bin = 0; bin < this.#bins; bin++) sums.push((sums[bin] as number) + (counts[bin] as number));
      return sums;
    });
  }

  #double(): void {
    this.#widthNs *= 2;
    this.#bins = Math.ceil(this.#bins / 2);
    for (const counts of this.#counts) {
      for (let bin = 0; bin < MOST_BINS / 2; bin++)
        counts[bin] = (counts[2 * bin] as number) + (counts[2 * bin + 1] as number);
      counts.fill(0, MOST_BINS / 2);
    }
  }
}

/** Spaces that are looked at: those answered first. */
const MOST_SPACES = 256;
/** Slower than this, and by so many times slower than the median of all, is a space that was being made. */
const STALLED = { leastNs: 1e9, timesMedian: 10 };

/** The answer that came first in a space; of two at the same time the one of the operation with the lower number. */
export interface FirstAnswer {
  space: string;
  doneNs: number;
  number: number;
  serviceNs: number;
}

/** Looks at the first answer in each space, which on a fresh server takes as long as making the space. */
export class FirstInSpace {
  readonly #first = new Map<string, FirstAnswer>();
  /** The entries that changed since the last drain. */
  readonly #news = new Set<FirstAnswer>();
  /** The space that was answered last, of as many as are looked at. */
  #last: FirstAnswer | undefined;

  add(space: string, doneNs: number, number: number, serviceNs: number): void {
    if (space === '') return;
    const known = this.#first.get(space);
    // Answers are heard in the order in which they came, but for those of other shards.
    if (known !== undefined && (known.doneNs < doneNs || (known.doneNs === doneNs && known.number <= number)))
      return;
    this.#put({ space, doneNs, number, serviceNs });
  }

  #put(answer: FirstAnswer): void {
    const known = this.#first.get(answer.space);
    if (known === undefined && this.#last !== undefined) {
      if (!isBefore(answer, this.#last)) return;
      this.#forget(this.#last);
    }
    if (known !== undefined) this.#forget(known);
    this.#first.set(answer.space, answer);
    this.#news.add(answer);
    if (this.#first.size >= MOST_SPACES) this.#last = latest(this.#first.values());
  }

  #forget(answer: FirstAnswer): void {
    this.#first.delete(answer.space);
    this.#news.delete(answer);
  }

  /** Takes out the first answers since the last drain; a space is kept, so that it is not told again. */
  drain(): FirstAnswer[] | undefined {
    if (this.#news.size === 0) return undefined;
    const news = [...this.#news];
    this.#news.clear();
    return news;
  }

  addPart(answers: readonly FirstAnswer[]): void {
    for (const { space, doneNs, number, serviceNs } of answers) this.add(space, doneNs, number, serviceNs);
  }

  /** Spaces whose first answer was slow beside what followed. */
  stalled(medianNs: number | undefined): { spaces: number; longestNs: number } {
    const limitNs = Math.max(STALLED.leastNs, STALLED.timesMedian * (medianNs ?? Infinity));
    const slow = [...this.#first.values()].map(({ serviceNs }) => serviceNs).filter((ns) => ns > limitNs);
    return { spaces: slow.length, longestNs: Math.max(0, ...slow) };
  }
}

function isBefore(a: FirstAnswer, b: FirstAnswer): boolean {
  return a.doneNs < b.doneNs || (a.doneNs === b.doneNs && a.number < b.number);
}

function latest(answers: Iterable<FirstAnswer>): FirstAnswer | undefined {
  let last: FirstAnswer | undefined;
  for (const answer of answers) if (last === undefined || isBefore(last, answer)) last = answer;
  return last;
}

import type { SendOutcome } from '../../replay/ports.ts';
import { compareText } from '../answers/compare-text.ts';

/** So many different values are counted apart; what comes with others later is counted together. */
export const MOST_HEADER_VALUES = 1000;

/** What was counted of answers by a header since it was drained last. */
export interface HeaderCountsPart {
  values: [value: string, count: number][];
  other: number;
  absent: number;
}

/** Counts answers by the value of one of their headers, such as the server behind a load balancer that gave them. */
export class HeaderCounts {
  readonly #values = new Map<string, number>();
  /** Answers with a value past the bound. */
  other = 0;
  /** Answers without that header. */
  absent = 0;

  /** What got no answer is not counted; nor is a status without the header that nobody sent: cancelled as recorded. */
  add({ headerValue, status, isCancelled }: SendOutcome): void {
    if (headerValue !== undefined) this.#add(headerValue, 1);
    else if (status !== undefined && isCancelled !== true) this.absent++;
  }

  #add(value: string, count: number): void {
    const known = this.#values.get(value);
    if (known !== undefined || this.#values.size < MOST_HEADER_VALUES) {
      this.#values.set(value, (known ?? 0) + count);
    } else this.other += count;
  }

  /** Takes out what was counted since the last drain; undefined where that was nothing. */
  drain(): HeaderCountsPart | undefined {
    const { other, absent } = this;
    if (this.#values.size === 0 && other === 0 && absent === 0) return undefined;
    const values = [...this.#values];
    this.#values.clear();
    this.other = 0;
    this.absent = 0;
    return { values, other, absent };
  }

  addPart({ values, other, absent }: HeaderCountsPart): void {
    for (const [value, count] of values) this.#add(value, count);
    this.other += other;
    this.absent += absent;
  }

  /** The values and how many answers had each, the most frequent first, equally frequent ones by themselves. */
  get values(): [value: string, count: number][] {
    return [...this.#values].sort(([a, countA], [b, countB]) => countB - countA || compareText(a, b));
  }
}

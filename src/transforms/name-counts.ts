const MOST_NAMES = 1000;
const SHOWN = 10;
const LONGEST_SHOWN = 80;

/** How often each name came (of an op, of a space), for a bounded number of them: for messages that tell what there is. */
export class NameCounts {
  readonly #counts = new Map<string, number>();
  #hasMore = false;

  add(name: string): void {
    const count = this.#counts.get(name);
    if (count === undefined && this.#counts.size >= MOST_NAMES) this.#hasMore = true;
    else this.#counts.set(name, (count ?? 0) + 1);
  }

  get names(): IterableIterator<string> {
    return this.#counts.keys();
  }

  /** `recall (12), remember (3)`: the most frequent first, and how many more there are; '' where none came. */
  text(): string {
    const sorted = [...this.#counts].sort(([, a], [, b]) => b - a);
    const shown = sorted
      .slice(0, SHOWN)
      .map(([name, count]) => `${name.slice(0, LONGEST_SHOWN) || '(none)'} (${count})`);
    const beyond = sorted.length - shown.length;
    if (beyond > 0) shown.push(`and ${this.#hasMore ? 'more than ' : ''}${beyond} more`);
    return shown.join(', ');
  }
}

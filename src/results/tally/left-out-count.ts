/** Names kept; they come from the trace, and memory is bounded. */
const MAX_NAMES = 32;

/** Names of what of a record is not sent, by why. */
export interface LeftOut {
  /** The names of what was redacted in the trace. */
  readonly redacted: readonly string[];
  /** No message can hold it. */
  readonly unsendable: readonly string[];
}

/** What was counted since a count was drained last. */
export interface LeftOutPart {
  operations: number;
  names: string[];
}

/** Counts operations that something recorded was missing from, and what that was. */
export class LeftOutCount {
  operations = 0;
  readonly #names = new Set<string>();
  /** The names that are new since the last drain. */
  readonly #news = new Set<string>();
  /** Of as many names as are kept, the last one in the order of the alphabet. */
  #last: string | undefined;

  /** Takes what is missing from one operation. */
  add(missing: readonly string[]): void {
    if (missing.length === 0) return;
    this.operations += 1;
    for (const name of missing) if (!this.#names.has(name)) this.#put(name);
  }

  /**
   * Keeps a name, if there is room for it in the order of the alphabet: which ones are kept does not hang on the order
   * in which they come.
   */
  #put(name: string): void {
    if (this.#last !== undefined) {
      if (name > this.#last) return;
      this.#names.delete(this.#last);
      this.#news.delete(this.#last);
    }
    this.#names.add(name);
    this.#news.add(name);
    if (this.#names.size >= MAX_NAMES) this.#last = this.names.at(-1);
  }

  /** Takes out what was counted since the last drain; undefined where that was nothing. */
  drain(): LeftOutPart | undefined {
    if (this.operations === 0) return undefined;
    const part = { operations: this.operations, names: [...this.#news] };
    this.operations = 0;
    this.#news.clear();
    return part;
  }

  addPart({ operations, names }: LeftOutPart): void {
    this.operations += operations;
    for (const name of names) if (!this.#names.has(name)) this.#put(name);
  }

  /** The first 32 names in the order of the alphabet. */
  get names(): string[] {
    return [...this.#names].sort();
  }
}

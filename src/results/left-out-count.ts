/** Names kept; they come from the trace, and memory is bounded. */
const MAX_NAMES = 32;

/** Names of what of a record is not sent, by why. */
export interface LeftOut {
  /** It was redacted in the trace. */
  readonly redacted: readonly string[];
  /** No message can hold it. */
  readonly unsendable: readonly string[];
}

/** Counts operations that something recorded was missing from, and what that was. */
export class LeftOutCount {
  operations = 0;
  readonly #names = new Set<string>();

  /** Takes what is missing from one operation. */
  add(missing: readonly string[]): void {
    if (missing.length === 0) return;
    this.operations += 1;
    for (const name of missing) if (this.#names.size < MAX_NAMES) this.#names.add(name);
  }

  /** The first 32 names, sorted. */
  get names(): string[] {
    return [...this.#names].sort();
  }
}

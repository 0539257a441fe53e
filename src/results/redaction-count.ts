/** Names kept; they come from the trace, and memory is bounded. */
const MAX_NAMES = 32;

/** Counts operations that something redacted was missing from, and what that was. */
export class RedactionCount {
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

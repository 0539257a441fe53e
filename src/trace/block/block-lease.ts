/**
 * The hold of a block's records on its memory, which is used again once each of them was given back, and never where
 * one was not: whoever passes records on without their lease (a map, a copy) keeps their bytes as they are.
 */
export class BlockLease {
  #held: number;
  readonly #onFree: () => void;

  constructor(records: number, onFree: () => void) {
    this.#held = records;
    this.#onFree = onFree;
  }

  /** Nothing reads the bytes of so many of its records any more. To be told once for each. */
  giveBack(records = 1): void {
    if (records === 0) return;
    this.#held -= records;
    if (this.#held === 0) this.#onFree();
  }
}

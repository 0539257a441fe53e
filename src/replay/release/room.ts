/** A place where one reader waits until there is room for more. */
export class Room {
  #wake: (() => void) | undefined;

  /** Whether a reader waits. */
  get isAwaited(): boolean {
    return this.#wake !== undefined;
  }

  /** Resolves with the next `release`. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Lets the reader go on if it waits. */
  release(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

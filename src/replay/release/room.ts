/** Where one reader waits until there is room for more. */
export class Room {
  #wake: (() => void) | undefined;

  /** Somebody waits. */
  get isAwaited(): boolean {
    return this.#wake !== undefined;
  }

  /** Resolves with the next `release`. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Lets who waits go on; does nothing where nobody does. */
  release(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

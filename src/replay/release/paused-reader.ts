/** A reader that is paused until there is room for more. */
export class PausedReader {
  #resume: (() => void) | undefined;

  get isPaused(): boolean {
    return this.#resume !== undefined;
  }

  /** Resolves with the next `resume`. */
  pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  /** Lets the reader go on if it is paused. */
  resume(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }
}

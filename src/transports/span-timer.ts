/** Adds up the time in which something was so, on whatever clock it is asked with. */
export class SpanTimer {
  #total = 0;
  #since: number | undefined;

  /** From `now` on it is so, or is not. */
  set(isSo: boolean, now: number): void {
    if (isSo === (this.#since !== undefined)) return;
    this.#total = this.at(now);
    this.#since = isSo ? now : undefined;
  }

  /** All of it up to `now`. */
  at(now: number): number {
    return this.#total + (this.#since === undefined ? 0 : now - this.#since);
  }
}

/** Adds up the time in which something was so, on whatever clock it is asked with. */
export class SpanTimer {
  #total = 0;
  #since: number | undefined;

  /** Says that from `now` on the condition holds, or does not. */
  set(isSo: boolean, now: number): void {
    if (isSo === (this.#since !== undefined)) return;
    this.#total = this.at(now);
    this.#since = isSo ? now : undefined;
  }

  /** The time for which the condition has held up to `now`. */
  at(now: number): number {
    return this.#total + (this.#since === undefined ? 0 : now - this.#since);
  }
}

/**
 * Index of dispersion of arrivals: variance over mean of the counts in windows of a fixed width
 * (Cox and Lewis, The Statistical Analysis of Series of Events, 1966). 1 for a Poisson process, 0 for a metronome.
 * Only whole windows count: a part of one at the end would look like a hole, and whether there is one hangs on a ms.
 * Constant memory: arrivals must come in order; one before the window now open counts into that window.
 */
export class DispersionCounter {
  readonly #widthNs: number;
  #originNs = 0;
  #window = -1;
  #inWindow = 0;
  #windows = 0;
  #total = 0;
  #sumOfSquares = 0;

  constructor(widthNs: number) {
    this.#widthNs = widthNs;
  }

  add(arrivalNs: number): void {
    if (this.#window < 0) this.#originNs = arrivalNs;
    const window = Math.floor((arrivalNs - this.#originNs) / this.#widthNs);
    if (window > this.#window) this.#open(window);
    this.#inWindow++;
  }

  /**
   * The index over all windows from the first arrival's up to the last one's, which is not whole; undefined below two.
   */
  get index(): number | undefined {
    if (this.#windows < 2) return undefined;
    const mean = this.#total / this.#windows;
    return Math.max(0, this.#sumOfSquares / this.#windows - mean ** 2) / mean;
  }

  #open(window: number): void {
    if (this.#window >= 0) {
      this.#windows += window - this.#window;
      this.#total += this.#inWindow;
      this.#sumOfSquares += this.#inWindow ** 2;
    }
    this.#window = window;
    this.#inWindow = 0;
  }
}

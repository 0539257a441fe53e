/** The first width of the bins, and by what it grows by turns when there are too many: widths stay round in seconds. */
const FIRST_WIDTH_NS = 10e6;
const GROWTH = [5, 2] as const;
const MOST_BINS = 2 ** 20;

/** Arrivals counted in bins of one width from the beginning on, in bounded memory: a long recording has wider bins. */
export class BinnedArrivals {
  #widthNs = FIRST_WIDTH_NS;
  #counts = new Float64Array(1024);
  #bins = 0;
  #growths = 0;
  #total = 0;

  /** `atNs` counts from the beginning; what is before it counts as there. */
  add(atNs: number): void {
    let bin = this.#binOf(atNs);
    while (bin >= MOST_BINS) {
      this.#widen(GROWTH[this.#growths++ % GROWTH.length] as number);
      bin = this.#binOf(atNs);
    }
    this.#reach(bin);
    this.#counts[bin] = (this.#counts[bin] as number) + 1;
    this.#total += 1;
  }

  /** Bins up to here are there, also where nothing arrived in them. */
  endAt(atNs: number): void {
    this.#reach(Math.min(MOST_BINS - 1, this.#binOf(atNs - 1)));
  }

  get widthNs(): number {
    return this.#widthNs;
  }

  get total(): number {
    return this.#total;
  }

  get counts(): Float64Array {
    return this.#counts.subarray(0, this.#bins);
  }

  /** Sums of so many bins each; a rest that is not whole is left out. */
  perStretch(bins: number): Float64Array {
    const sums = new Float64Array(Math.floor(this.#bins / bins));
    for (let i = 0; i < sums.length * bins; i++) {
      const stretch = Math.floor(i / bins);
      sums[stretch] = (sums[stretch] as number) + (this.#counts[i] as number);
    }
    return sums;
  }

  #binOf(atNs: number): number {
    return Math.max(0, Math.floor(atNs / this.#widthNs));
  }

  #reach(bin: number): void {
    if (bin >= this.#counts.length) {
      const counts = new Float64Array(Math.min(MOST_BINS, Math.max(bin + 1, 2 * this.#counts.length)));
      counts.set(this.#counts);
      this.#counts = counts;
    }
    this.#bins = Math.max(this.#bins, bin + 1);
  }

  #widen(factor: number): void {
    const bins = Math.ceil(this.#bins / factor);
    const counts = new Float64Array(this.#counts.length);
    for (let i = 0; i < this.#bins; i++) {
      const to = Math.floor(i / factor);
      counts[to] = (counts[to] as number) + (this.#counts[i] as number);
    }
    this.#counts = counts;
    this.#bins = bins;
    this.#widthNs *= factor;
  }
}

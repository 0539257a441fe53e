/** Most bins in memory; of a day each is then below a second. */
const MAX_BINS = 2 ** 17;
const FIRST_BIN_NS = 10_000_000;

/** A part of a trace, in ns from its epoch; `endNs` excluded. */
export interface BusySpan {
  startNs: number;
  endNs: number;
  records: number;
}

/**
 * Counts arrivals over time in bins that double in width as the trace turns out to be longer, so that its memory is
 * bounded. Starts come roughly in order: what lies before the first one counts as there.
 */
export class ArrivalCounter {
  #firstNs: number | undefined;
  #lastNs = 0;
  #binNs = FIRST_BIN_NS;
  #bins: number[] = [];

  get firstNs(): number {
    return this.#firstNs ?? 0;
  }

  get lastNs(): number {
    return this.#lastNs;
  }

  add(startNs: number, count = 1): void {
    this.#firstNs ??= startNs;
    this.#lastNs = Math.max(this.#lastNs, startNs);
    let bin = this.#binOf(startNs, this.#firstNs);
    while (bin >= MAX_BINS) {
      this.#halve();
      bin = this.#binOf(startNs, this.#firstNs);
    }
    while (this.#bins.length <= bin) this.#bins.push(0);
    this.#bins[bin] = (this.#bins[bin] ?? 0) + count;
  }

  /** The first of the windows so long with the most arrivals; all there is where it is no longer, undefined for nothing. */
  busiest(lengthNs: number): BusySpan | undefined {
    if (this.#firstNs === undefined) return undefined;
    const length = Math.min(this.#bins.length, Math.max(1, Math.round(lengthNs / this.#binNs)));
    let records = 0;
    for (let i = 0; i < length; i++) records += this.#bins[i] ?? 0;
    let best = { first: 0, records };
    for (let first = 1; first + length <= this.#bins.length; first++) {
      records += (this.#bins[first + length - 1] ?? 0) - (this.#bins[first - 1] ?? 0);
      if (records > best.records) best = { first, records };
    }
    const startNs = this.#firstNs + best.first * this.#binNs;
    return { startNs, endNs: startNs + length * this.#binNs, records: best.records };
  }

  #binOf(startNs: number, firstNs: number): number {
    return Math.max(0, Math.floor((startNs - firstNs) / this.#binNs));
  }

  #halve(): void {
    const wide: number[] = [];
    for (let i = 0; i < this.#bins.length; i += 2) wide.push((this.#bins[i] ?? 0) + (this.#bins[i + 1] ?? 0));
    this.#bins = wide;
    this.#binNs *= 2;
  }
}

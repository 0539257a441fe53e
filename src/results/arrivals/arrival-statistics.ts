import { Histogram } from '../histogram/histogram.ts';
import { DispersionCounter } from './dispersion.ts';

/** Measures the gaps and lumps of one stream of arrivals (planned, or sent), in constant memory. */
export class ArrivalStatistics {
  /** Gaps between consecutive arrivals. */
  readonly gaps = new Histogram({ lowestNs: 1 });
  readonly #dispersion10Ms = new DispersionCounter(10_000_000);
  readonly #dispersion100Ms = new DispersionCounter(100_000_000);
  #firstNs: number | undefined;
  #lastNs = 0;
  #count = 0;

  /** Takes the next arrival; arrivals come in the order of time. */
  add(arrivalNs: number): void {
    if (this.#firstNs === undefined) this.#firstNs = arrivalNs;
    else this.gaps.record(arrivalNs - this.#lastNs);
    this.#lastNs = arrivalNs;
    this.#count++;
    this.#dispersion10Ms.add(arrivalNs);
    this.#dispersion100Ms.add(arrivalNs);
  }

  get count(): number {
    return this.#count;
  }

  /** The time from the first arrival to the last; undefined while there is none. */
  get spanNs(): number | undefined {
    return this.#firstNs === undefined ? undefined : this.#lastNs - this.#firstNs;
  }

  get dispersion10Ms(): number | undefined {
    return this.#dispersion10Ms.index;
  }

  get dispersion100Ms(): number | undefined {
    return this.#dispersion100Ms.index;
  }
}

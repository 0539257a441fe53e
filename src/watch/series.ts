import type { ResourceUnit } from '../results/document/resource-metrics.ts';

/** The values of one metric in the order of time. Plain data. */
export interface SeriesData {
  readonly metric: string;
  readonly unit: ResourceUnit;
  /** When each was read, in ns of the monotonic clock. */
  readonly atNs: Float64Array;
  readonly values: Float64Array;
}

/** At one a second, eight hours. */
const MOST_POINTS = 28_800;

/** Collects the values of one metric; of a longer run every second one is kept, then every fourth. */
export class Series {
  readonly metric: string;
  readonly unit: ResourceUnit;
  readonly #most: number;
  #atNs: number[] = [];
  #values: number[] = [];
  /** How many readings go by for one that is kept. */
  #step = 1;
  #skipped = 0;

  constructor(metric: string, unit: ResourceUnit, most = MOST_POINTS) {
    this.metric = metric;
    this.unit = unit;
    this.#most = most;
  }

  add(atNs: number, value: number): void {
    this.#skipped += 1;
    if (this.#skipped < this.#step) return;
    this.#skipped = 0;
    if (this.#values.length >= this.#most) this.#thin();
    this.#atNs.push(atNs);
    this.#values.push(value);
  }

  data(): SeriesData {
    const { metric, unit } = this;
    return { metric, unit, atNs: Float64Array.from(this.#atNs), values: Float64Array.from(this.#values) };
  }

  /** Pairs become one: the higher value, for a limit must not be passed unseen. */
  #thin(): void {
    const pairs = this.#values.length >> 1;
    const values = Array.from({ length: pairs }, (_, i) =>
      Math.max(this.#values[2 * i] as number, this.#values[2 * i + 1] as number),
    );
    this.#atNs = Array.from({ length: pairs }, (_, i) => this.#atNs[2 * i] as number);
    this.#values = values;
    this.#step *= 2;
  }
}

import type { ResourceUnit } from '../results/document/resource-metrics.ts';

/** The values of one metric in the order of time: of each reading, or in a long run of several together. Plain data. */
export interface SeriesData {
  readonly metric: string;
  readonly unit: ResourceUnit;
  /** When the first of a point's readings was made, in ns of the monotonic clock. */
  readonly atNs: Float64Array;
  /** The mean of each point's readings. */
  readonly values: Float64Array;
  readonly lows: Float64Array;
  readonly highs: Float64Array;
  /** How many readings a point is made of. */
  readonly counts: Float64Array;
  /** The reading at the end. */
  readonly last: number;
}

/** At one a second, eight hours. */
const MOST_POINTS = 28_800;

/** Collects the values of one metric; in a longer run two readings become one point, then four. */
export class Series {
  readonly metric: string;
  readonly unit: ResourceUnit;
  readonly #most: number;
  readonly #atNs: number[] = [];
  readonly #values: number[] = [];
  readonly #lows: number[] = [];
  readonly #highs: number[] = [];
  readonly #counts: number[] = [];
  #last = Number.NaN;
  /** How many readings become one point. */
  #step = 1;

  constructor(metric: string, unit: ResourceUnit, most = MOST_POINTS) {
    this.metric = metric;
    this.unit = unit;
    this.#most = most;
  }

  add(atNs: number, value: number): void {
    if (this.#atNs.length >= this.#most && this.#isLastFull) this.#thin();
    this.#last = value;
    this.#atNs.push(atNs);
    for (const column of [this.#values, this.#lows, this.#highs]) column.push(value);
    this.#counts.push(1);
    const end = this.#atNs.length - 1;
    if (end > 0 && (this.#counts[end - 1] as number) < this.#step) {
      this.#join(end - 1, end - 1, end);
      this.#cutTo(end);
    }
  }

  data(): SeriesData {
    return {
      ...{ metric: this.metric, unit: this.unit, last: this.#last },
      ...{ atNs: Float64Array.from(this.#atNs), values: Float64Array.from(this.#values) },
      ...{ lows: Float64Array.from(this.#lows), highs: Float64Array.from(this.#highs) },
      counts: Float64Array.from(this.#counts),
    };
  }

  get #isLastFull(): boolean {
    return (this.#counts.at(-1) ?? 0) >= this.#step;
  }

  /** Pairs become one: nothing that was read is lost, and neither the highest nor the mean is another one. */
  #thin(): void {
    const points = this.#atNs.length;
    for (let i = 0; i < points; i += 2) this.#join(i / 2, i, Math.min(i + 1, points - 1));
    this.#cutTo(Math.ceil(points / 2));
    this.#step *= 2;
  }

  /** Writes to a place what two neighbours are together; one alone stays what it is. */
  #join(to: number, a: number, b: number): void {
    const of = (column: readonly number[], i: number): number => column[i] as number;
    const [countA, countB] = [of(this.#counts, a), a === b ? 0 : of(this.#counts, b)];
    const sum = of(this.#values, a) * countA + of(this.#values, b) * countB;
    this.#atNs[to] = of(this.#atNs, a);
    this.#values[to] = sum / (countA + countB);
    this.#lows[to] = Math.min(of(this.#lows, a), of(this.#lows, b));
    this.#highs[to] = Math.max(of(this.#highs, a), of(this.#highs, b));
    this.#counts[to] = countA + countB;
  }

  #cutTo(length: number): void {
    for (const column of [this.#atNs, this.#values, this.#lows, this.#highs, this.#counts])
      column.length = length;
  }
}

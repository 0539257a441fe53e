import { DispersionCounter } from '../results/arrivals/dispersion.ts';
import { Histogram } from '../results/histogram/histogram.ts';
import type { TraceRecord } from '../trace/record/record.ts';
import { MAX_TOTALS_NAMES } from '../trace/stats/block-stats.ts';
import { addValue, createDistribution } from '../trace/stats/distribution.ts';
import { OTHER_NAME } from '../trace/stats/op-numbers.ts';
import { requestBytes } from '../trace/stats/stats-builder.ts';
import type { Distribution } from '../trace/stats/trace-index.ts';

/** Widths of the windows in which arrivals are counted: lumps of ms up to tides of 10 s. */
export const DISPERSION_WIDTHS_NS = [10e6, 100e6, 1e9, 10e9] as const;

/** The sizes of one operation's requests, and of its answers as far as they are known. */
export interface OpSizes {
  count: number;
  request: Distribution;
  response: Distribution;
}

/** What traces are compared by, in constant memory: when operations arrive, which they are, and how large. */
export class TraceMeasures {
  /** Gaps between consecutive starts. */
  readonly gaps = new Histogram({ lowestNs: 1 });
  /** The first names that come; the rest is `(other)`. */
  readonly ops = new Map<string, OpSizes>();
  readonly request = createDistribution();
  readonly response = createDistribution();
  readonly #gapFactor: number;
  readonly #dispersions = DISPERSION_WIDTHS_NS.map((widthNs) => new DispersionCounter(widthNs));
  #records = 0;
  #firstNs = 0;
  #lastNs = 0;

  /** Gaps are multiplied by `gapFactor`: those of a lighter trace are longer by how much lighter it is. */
  constructor(gapFactor = 1) {
    this.#gapFactor = gapFactor;
  }

  /** Takes the next record; they come in the order of their starts. */
  add(record: TraceRecord): void {
    this.#arrived(record.startNs);
    const sentBytes = requestBytes(record);
    const op = this.#sizesOf(record.op);
    op.count += 1;
    addValue(op.request, sentBytes);
    addValue(this.request, sentBytes);
    const { status, responseBytes } = record.outcome;
    if (status === undefined) return;
    addValue(op.response, responseBytes);
    addValue(this.response, responseBytes);
  }

  get records(): number {
    return this.#records;
  }

  /** From the first start to the last. */
  get spanNs(): number {
    return this.#lastNs - this.#firstNs;
  }

  /** Variance over mean of the arrivals in windows of each width; undefined where there are fewer than two. */
  get dispersions(): (number | undefined)[] {
    return this.#dispersions.map(({ index }) => index);
  }

  #arrived(startNs: number): void {
    if (this.#records === 0) this.#firstNs = startNs;
    else
      this.gaps.record(
        this.#gapFactor === 1
          ? startNs - this.#lastNs
          : Math.round((startNs - this.#lastNs) * this.#gapFactor),
      );
    this.#records += 1;
    this.#lastNs = startNs;
    for (const dispersion of this.#dispersions) dispersion.add(startNs);
  }

  #sizesOf(op: string): OpSizes {
    const name = this.ops.size < MAX_TOTALS_NAMES || this.ops.has(op) ? op : OTHER_NAME;
    let sizes = this.ops.get(name);
    if (sizes === undefined) {
      sizes = { count: 0, request: createDistribution(), response: createDistribution() };
      this.ops.set(name, sizes);
    }
    return sizes;
  }
}

/** Measures all records of a trace. */
export async function measureTrace(batches: AsyncIterable<readonly TraceRecord[]>): Promise<TraceMeasures> {
  const measures = new TraceMeasures();
  for await (const batch of batches) for (const record of batch) measures.add(record);
  return measures;
}

import type { TraceRecord } from '../trace/record/record.ts';
import { nearnessLines } from './distances-text.ts';
import { type TraceDistances, traceDistances } from './trace-distances.ts';
import { TraceMeasures } from './trace-measures.ts';

/** How near a sample of the sessions of a trace is to all of them, in constant memory. */
export class SampleNearness {
  readonly #ratio: number;
  readonly #all = new TraceMeasures();
  readonly #sample: TraceMeasures;

  /** `ratio`: the part of the sessions that the sample has; its gaps are multiplied by it. */
  constructor(ratio: number) {
    this.#ratio = ratio;
    this.#sample = new TraceMeasures(ratio);
  }

  /** Takes the next record; they come in the order of their starts. */
  add(record: TraceRecord, isKept: boolean): void {
    this.#all.add(record);
    if (isKept) this.#sample.add(record);
  }

  get distances(): TraceDistances {
    return traceDistances({ name: 'all', measures: this.#all }, { name: 'sample', measures: this.#sample });
  }

  /** For people. */
  get lines(): string[] {
    return [
      `how near the sample (b) is to all (a); its gaps are multiplied by ${this.#ratio}, dispersion is not scaled:`,
      ...nearnessLines(this.distances).map((line) => `  ${line}`),
    ];
  }
}

import type { TraceRecord } from '../../trace/record/record.ts';

/**
 * The starts of the operations of a plan, by their number, from a reading of the trace of its own: `--upscale` looks
 * ever further back, and would hold half a trace in memory. What was passed is forgotten.
 */
export class RecordedStarts {
  readonly #batches: AsyncIterator<readonly TraceRecord[]>;
  readonly #takes: (record: TraceRecord) => boolean;
  #starts: number[] = [];
  /** Number of the first start that is held. */
  #first = 0;
  #isOver = false;

  constructor(batches: AsyncIterable<readonly TraceRecord[]>, takes: (record: TraceRecord) => boolean) {
    this.#batches = batches[Symbol.asyncIterator]();
    this.#takes = takes;
  }

  /** Begins to read. */
  async open(): Promise<void> {
    await this.#readBatch();
  }

  /** Reads up to and with the start of this number, as far as there are any. */
  async readTo(number: number): Promise<void> {
    while (!this.#isOver && this.#first + this.#starts.length <= number) await this.#readBatch();
  }

  /** The start of this number; undefined behind the last. It was read, and none behind it was asked to be forgotten. */
  at(number: number): number | undefined {
    return this.#starts[number - this.#first];
  }

  /** No start before this number is asked for any more. */
  forget(number: number): void {
    // Now and then, as each time moves all that are held.
    if (number - this.#first < 1024) return;
    this.#starts = this.#starts.slice(number - this.#first);
    this.#first = number;
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await this.#batches.return?.();
  }

  async #readBatch(): Promise<void> {
    const { done, value } = await this.#batches.next();
    if (done === true) this.#isOver = true;
    else for (const record of value) if (this.#takes(record)) this.#starts.push(record.startNs);
  }
}

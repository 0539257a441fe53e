import type { PlanReader, PlanSink } from '../../replay/plan-reader.ts';
import { BatchCursor, type RecordBatch } from './record-batch.ts';

/** The plan of an engine whose operations arrive in batches. */
export class BatchFeed implements PlanReader {
  readonly passes = 0;
  done = false;
  readonly complete = true;
  readonly error: undefined;
  readonly #taken: () => void;
  /** Batches, and what has to be done before the one behind it is looked at. */
  readonly #inbox: (RecordBatch | Promise<void>)[] = [];
  #isOver = false;
  #wake: (() => void) | undefined;
  #sink: PlanSink | undefined;

  /** `taken` is called once for each batch that went into the engine. */
  constructor(taken: () => void) {
    this.#taken = taken;
  }

  /** Where the operations go; to be called before `run`. */
  attach(sink: PlanSink): this {
    this.#sink = sink;
    return this;
  }

  push(next: RecordBatch | Promise<void>): void {
    this.#inbox.push(next);
    this.#wake?.();
  }

  /** There are no more batches. */
  end(): void {
    this.#isOver = true;
    this.#wake?.();
  }

  async run(): Promise<void> {
    while (this.#inbox.length > 0 || !this.#isOver) {
      const next = this.#inbox.shift();
      if (next === undefined) await this.#something();
      else if (next instanceof Promise) await next;
      else await this.#play(next);
    }
    this.done = true;
  }

  #something(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #play(batch: RecordBatch): Promise<void> {
    const sink = this.#sink as PlanSink;
    const cursor = new BatchCursor(batch);
    for (let record = cursor.next(); record !== undefined; record = cursor.next()) {
      const wait = sink.operation(record, cursor.number, cursor);
      if (wait !== undefined) await wait;
    }
    sink.batchEnd();
    this.#taken();
    // A batch is decoded in a tenth of a millisecond; the next one waits until sockets had their turn.
    await sink.breath?.();
  }
}

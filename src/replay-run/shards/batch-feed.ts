import type { PlanReader, PlanSink } from '../../replay/plan/plan-reader.ts';
import { BatchCursor, type RecordBatch } from './record-batch.ts';
import { TableStore } from './table-store.ts';

/** The plan of an engine whose operations arrive in batches. */
export class BatchFeed implements PlanReader {
  readonly passes = 0;
  done = false;
  readonly complete = true;
  readonly error: undefined;
  readonly #taken: () => void;
  readonly #isUrgent: (dueNs: number) => boolean;
  /** Batches, and what has to be done before the one behind it is looked at. */
  readonly #inbox: (RecordBatch | Promise<void>)[] = [];
  readonly #tables = new TableStore();
  #isOver = false;
  #wake: (() => void) | undefined;
  #sink: PlanSink | undefined;

  /**
   * `taken` is called once for each batch that went into the engine. `isUrgent` tells whether what follows an
   * operation that is due `dueNs` after the anchor has to be read at once.
   */
  constructor(taken: () => void, isUrgent: (dueNs: number) => boolean) {
    this.#taken = taken;
    this.#isUrgent = isUrgent;
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
    const cursor = new BatchCursor(batch, this.#tables);
    for (let record = cursor.next(); record !== undefined; record = cursor.next()) {
      const wait = sink.operation(record, cursor.number, cursor, cursor.recordNumber, undefined);
      if (wait !== undefined) await wait;
    }
    sink.batchEnd();
    this.#taken();
    // A batch is decoded in a tenth of a millisecond; the next one waits until sockets had their turn. But on a machine
    // so busy that a turn takes long, one batch a turn would be slower than the plan, and there are few of them here.
    if (!this.#isUrgent(cursor.dueNs)) await sink.breath?.();
  }
}

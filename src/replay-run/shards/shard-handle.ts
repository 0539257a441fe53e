import type { ReplayEnd } from '../../replay/engine/replay-end.ts';
import type { PlannedTimes } from '../../replay/plan/due-times.ts';
import { PausedReader } from '../../replay/release/paused-reader.ts';
import type { RecordSpan } from '../../trace/block/record-spans.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import type { ShardLink } from './messages.ts';
import { createBatchBuilder } from './record-batch.ts';

/** Batches a shard may have that are not in its engine yet: beyond them the plan is not read on. */
const MOST_WAITING = 8;

/** A shard as the reader of the plan sees it: what goes to it, with credits, and whether it is still there. */
export class ShardHandle {
  readonly number: number;
  readonly link: ShardLink;
  /** It has said that all is settled, or it is gone. */
  isOver = false;
  /** Undefined while it goes on, and when it died. */
  end: ReplayEnd | undefined;
  /** Looks since it was last heard of. */
  silentLooks = 0;
  readonly #builder = createBatchBuilder();
  #waiting = 0;
  readonly #reader = new PausedReader();

  constructor(number: number, link: ShardLink) {
    this.number = number;
    this.link = link;
  }

  /** Has as much as it may have. */
  get isFull(): boolean {
    return !this.isOver && this.#waiting >= MOST_WAITING;
  }

  /** `span` is where it stands in its block; without one it is encoded again. */
  add(
    record: TraceRecord,
    number: number,
    times: PlannedTimes,
    recordNumber: number,
    span: RecordSpan | undefined,
  ): void {
    this.#builder.add(record, number, times, recordNumber, span);
    if (this.#builder.isFull) this.flush();
  }

  /** It took a batch. */
  taken(): void {
    this.#waiting -= 1;
    this.flushIfIdle();
    if (this.#waiting * 2 <= MOST_WAITING) this.resumeReader();
  }

  /** Sends what there is to a shard that has nothing to read: a batch waits for more only while nobody waits for it. */
  flushIfIdle(): void {
    if (this.#waiting === 0) this.flush();
  }

  flush(): void {
    if (this.isOver || this.#builder.records === 0) return;
    this.#waiting += 1;
    this.link.post({ kind: 'batch', batch: this.#builder.close() });
  }

  /** Memory of a block of the replay log that is written. */
  readonly giveBack = (memory: ArrayBuffer): void => {
    if (!this.isOver) this.link.post({ kind: 'memory', memory });
  };

  /** Resolves when it has room for more. */
  pauseReader(): Promise<void> {
    return this.#reader.pause();
  }

  /** Lets a waiting reader go on. */
  resumeReader(): void {
    this.#reader.resume();
  }
}

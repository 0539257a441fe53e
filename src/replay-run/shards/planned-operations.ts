import type { Operation, SendOutcome } from '../../replay/ports.ts';
import { emptyList } from '../../stable-shapes.ts';
import { type GrpcStream, NO_BYTES, type TraceRecord } from '../../trace/record/record.ts';

/** An operation that a shard has, as the reader of the plan knows it. */
export class PlannedOperation implements Operation {
  readonly record: TraceRecord;
  readonly number: number;
  readonly sequence: number;
  readonly recordNumber: number;
  /** Due time in ns after the anchor, as planned. */
  readonly offsetNs: number;
  dueNs = Number.NaN;
  readyNs = Number.NaN;
  releasedNs: number | undefined;
  sentNs: number | undefined;
  readingNs = 0;
  fullNs = 0;
  pacedNs = 0;
  stalledNs = 0;
  firstAnswerNs: number | undefined;
  doneNs: number | undefined;
  outcome: SendOutcome | undefined;

  constructor(record: TraceRecord, number: number, sequence: number, recordNumber: number, offsetNs: number) {
    this.record = record;
    this.number = number;
    this.sequence = sequence;
    this.recordNumber = recordNumber;
    this.offsetNs = offsetNs;
  }
}

/**
 * What a shard was given and has not told the end of: all that is left of it when it dies. Lists side by side: an
 * object for each operation would be made for nothing nearly every time.
 */
export class PlannedOperations {
  /** The records of those that are not settled. */
  #slots = emptyList<TraceRecord | undefined>();
  #numbers: number[] = [];
  #recordNumbers: number[] = [];
  #offsets: number[] = [];
  /** Sequence of the first slot. */
  #first = 0;
  #leading = 0;
  /** Offsets of the due times from `#passed` on, settled or not. */
  #dueFrom: number[] = [];
  /** Up to here the statistics of the shard have all due times that belong there. */
  #passed = 0;

  /** Operations given so far; the sequence of the next one. */
  get given(): number {
    return this.#first + this.#slots.length;
  }

  /** All are settled. */
  get isEmpty(): boolean {
    return this.#leading === this.#slots.length;
  }

  /** Returns its sequence. The bytes of the record are not kept: they would keep their whole block in memory. */
  add(record: TraceRecord, number: number, recordNumber: number, offsetNs: number): number {
    this.#slots.push(withoutBytes(record));
    this.#numbers.push(number);
    this.#recordNumbers.push(recordNumber);
    this.#offsets.push(offsetNs);
    this.#dueFrom.push(offsetNs);
    return this.given - 1;
  }

  /** That one is settled. */
  settle(sequence: number): void {
    this.#slots[sequence - this.#first] = undefined;
    while (this.#leading < this.#slots.length && this.#slots[this.#leading] === undefined) this.#leading += 1;
    if (this.#leading > 1024 && this.#leading * 2 > this.#slots.length) this.#compact();
  }

  /** The statistics of the shard have the due times of all operations before this one. */
  pass(sequence: number): void {
    if (sequence - this.#passed <= this.#dueFrom.length / 2) return;
    this.#dueFrom = this.#dueFrom.slice(sequence - this.#passed);
    this.#passed = sequence;
  }

  /** Offsets of the operations from `sequence` on that are settled, or among `open`; ascending, as the plan is. */
  offsetsFrom(sequence: number, open: ReadonlySet<number>): number[] {
    const isTried = (one: number): boolean => this.get(one) === undefined || open.has(one);
    const from = this.#dueFrom.slice(Math.max(0, sequence - this.#passed));
    return from.filter((_, i) => isTried(Math.max(sequence, this.#passed) + i));
  }

  /** Undefined for one that is settled. */
  get(sequence: number): PlannedOperation | undefined {
    const slot = sequence - this.#first;
    const record = this.#slots[slot];
    if (record === undefined) return undefined;
    const at = (list: readonly number[]): number => list[slot] as number;
    return new PlannedOperation(
      record,
      at(this.#numbers),
      sequence,
      at(this.#recordNumbers),
      at(this.#offsets),
    );
  }

  /** Those that are not settled, in the order of the plan; none is left afterwards. */
  takeAll(): PlannedOperation[] {
    const left = this.#slots.map((_, slot) => this.get(this.#first + slot));
    this.#first = this.given;
    this.#slots = emptyList();
    this.#numbers = [];
    this.#recordNumbers = [];
    this.#offsets = [];
    this.#leading = 0;
    return left.filter((operation) => operation !== undefined);
  }

  #compact(): void {
    this.#slots = this.#slots.slice(this.#leading);
    this.#numbers = this.#numbers.slice(this.#leading);
    this.#recordNumbers = this.#recordNumbers.slice(this.#leading);
    this.#offsets = this.#offsets.slice(this.#leading);
    this.#first += this.#leading;
    this.#leading = 0;
  }
}

function withoutBytes(record: TraceRecord): TraceRecord {
  const { outcome, body, stream } = record;
  if (body.length === 0 && stream === undefined && outcome.response === undefined) return record;
  return {
    ...record,
    body: NO_BYTES,
    stream: stream === undefined ? undefined : offsetsOf(stream),
    outcome: outcome.response === undefined ? outcome : { ...outcome, response: undefined },
  };
}

/** When each message was recorded, without what was in it. */
function offsetsOf(stream: GrpcStream): GrpcStream {
  const messages = stream.messages.map((message) => ({ ...message, data: NO_BYTES }));
  return { ...stream, messages };
}

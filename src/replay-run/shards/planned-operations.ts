import type { Operation, SendOutcome } from '../../replay/ports.ts';
import { emptyList } from '../../stable-shapes.ts';
import { type GrpcStream, NO_BYTES, type TraceRecord } from '../../trace/record/record.ts';

/** An operation that a shard has, as the reader of the plan knows it. */
export class PlannedOperation implements Operation {
  /** Without the body that was sent: its bytes would keep their whole block in memory a second time. */
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
    this.record = withoutBytes(record);
    this.number = number;
    this.sequence = sequence;
    this.recordNumber = recordNumber;
    this.offsetNs = offsetNs;
  }
}

/** What a shard was given and has not told the end of: all that is left of it when it dies. */
export class PlannedOperations {
  #slots = emptyList<PlannedOperation | undefined>();
  /** Sequence of the first slot. */
  #first = 0;
  #leading = 0;
  /** Offsets of the due times from `#passed` on, settled or not. */
  #offsets: number[] = [];
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

  add(record: TraceRecord, number: number, recordNumber: number, offsetNs: number): PlannedOperation {
    const operation = new PlannedOperation(record, number, this.given, recordNumber, offsetNs);
    this.#slots.push(operation);
    this.#offsets.push(offsetNs);
    return operation;
  }

  /** That one is settled. */
  settle(sequence: number): void {
    this.#slots[sequence - this.#first] = undefined;
    while (this.#leading < this.#slots.length && this.#slots[this.#leading] === undefined) this.#leading += 1;
    if (this.#leading > 1024 && this.#leading * 2 > this.#slots.length) this.#compact();
  }

  /** The statistics of the shard have the due times of all operations before this one. */
  pass(sequence: number): void {
    if (sequence - this.#passed <= this.#offsets.length / 2) return;
    this.#offsets = this.#offsets.slice(sequence - this.#passed);
    this.#passed = sequence;
  }

  /** Offsets of the operations from `sequence` on that are settled, or among `open`; ascending, as the plan is. */
  offsetsFrom(sequence: number, open: ReadonlySet<number>): number[] {
    const isTried = (one: number): boolean => this.get(one) === undefined || open.has(one);
    const from = this.#offsets.slice(Math.max(0, sequence - this.#passed));
    return from.filter((_, i) => isTried(Math.max(sequence, this.#passed) + i));
  }

  get(sequence: number): PlannedOperation | undefined {
    return this.#slots[sequence - this.#first];
  }

  /** Those that are not settled, in the order of the plan; none is left afterwards. */
  takeAll(): PlannedOperation[] {
    const left = this.#slots.filter((operation) => operation !== undefined);
    this.#first = this.given;
    this.#slots = emptyList();
    this.#leading = 0;
    return left;
  }

  #compact(): void {
    this.#slots = this.#slots.slice(this.#leading);
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

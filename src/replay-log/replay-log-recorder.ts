import type { Disposition, Operation } from '../replay/ports.ts';
import { recordedOffsets } from '../replay/stream-offsets.ts';
import {
  allocateColumns,
  BLOCK_ENTRIES,
  columnsIn,
  type LogBlockMessage,
  type LogEndless,
  type LogStream,
} from './log-block.ts';
import { fillRow, type LogColumns } from './log-columns.ts';
import type { ReplayLogObserver, SendPlace } from './replay-log.ts';

/** A block is handed on after this long even when it is not full, so that a crash costs a second. */
const LONGEST_OPEN_NS = 1e9;
/** A block is handed on, too, once it holds so many times of messages and events (4 MB). */
const MOST_MESSAGES = 524_288;

export interface RecorderParts {
  shard: number;
  /** Takes a block over, memory and all. */
  take(block: LogBlockMessage): void;
  /** Gives memory of a block that was written, if there is some. */
  recycled?(): ArrayBuffer | undefined;
}

/** Copies each operation that ends into columns of numbers: the only part of a log that runs on the hot path. */
export function createReplayLogRecorder(parts: RecorderParts): ReplayLogObserver {
  return new Recorder(parts);
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const NO_TIMES = new Float64Array(0);

class Recorder implements ReplayLogObserver {
  readonly #parts: RecorderParts;
  /** Where the sends of the operations on their way stand, by the number of the operation. */
  readonly #sends = new Map<number, Mutable<SendPlace>>();
  readonly #free: Mutable<SendPlace>[] = [];
  #memory: ArrayBuffer | undefined;
  #columns!: LogColumns;
  #strings = new Map<string, number>();
  #streams: LogStream[] = [];
  #endless: LogEndless[] = [];
  #messages = 0;
  #count = 0;
  #openedNs = 0;
  /** The latest time at which an operation ended. */
  #nowNs = 0;
  #sent = 0;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  onSent({ number }: Operation, inFlight: number): void {
    const send = this.#free.pop() ?? { order: 0, inFlight: 0 };
    send.order = this.#sent++;
    send.inFlight = inFlight;
    this.#sends.set(number, send);
  }

  onSettled(operation: Operation, disposition: Disposition): void {
    if (this.#memory === undefined) this.#begin();
    const i = this.#count++;
    const send = this.#sends.get(operation.number);
    fillRow(this.#columns, i, operation, disposition, send, this.#placeOf);
    if (send !== undefined) this.#forget(operation.number, send);
    if (operation.record.stream !== undefined) this.#putStream(i, operation);
    if (operation.outcome?.endless !== undefined) this.#putEndless(i, operation);
    // What never left says nothing of the time: at an early stop it was due hours from now.
    this.#nowNs = Math.max(this.#nowNs, operation.doneNs ?? this.#nowNs);
    if (i === 0) this.#openedNs = this.#nowNs;
    const isFull = this.#count === BLOCK_ENTRIES || this.#messages >= MOST_MESSAGES;
    if (isFull || this.#nowNs - this.#openedNs > LONGEST_OPEN_NS) this.flush();
  }

  placeOf(number: number): SendPlace | undefined {
    return this.#sends.get(number);
  }

  adopt(number: number, place: SendPlace): void {
    this.#sends.set(number, { ...place });
  }

  flush(): void {
    const memory = this.#memory;
    if (memory === undefined) return;
    const { shard: sender } = this.#parts;
    this.#memory = undefined;
    const strings = [...this.#strings.keys()];
    const [count, streams, endless] = [this.#count, this.#streams, this.#endless];
    this.#parts.take({ sender, count, strings, memory, streams, endless });
  }

  #begin(): void {
    this.#memory = this.#parts.recycled?.() ?? allocateColumns();
    this.#columns = columnsIn(this.#memory);
    this.#strings = new Map();
    this.#streams = [];
    this.#endless = [];
    this.#messages = 0;
    this.#count = 0;
  }

  #putStream(entry: number, { record, outcome, sentNs }: Operation): void {
    if (record.stream === undefined) return;
    const times = sentNs === undefined ? undefined : outcome?.stream;
    const stream: LogStream = {
      entry,
      timeScale: times?.timeScale ?? 0,
      plannedNs: recordedOffsets(record.stream, false).map(Math.round),
      recordedNs: recordedOffsets(record.stream, true).map(Math.round),
      sentNs: times?.sentNs.map(Math.round) ?? NO_TIMES,
      receivedNs: times?.receivedNs.map(Math.round) ?? NO_TIMES,
      untimed: times?.untimed ?? 0,
    };
    this.#streams.push(stream);
    for (const each of [stream.plannedNs, stream.recordedNs, stream.sentNs, stream.receivedNs]) {
      this.#messages += each.length;
    }
  }

  #putEndless(entry: number, { outcome }: Operation): void {
    if (outcome?.endless === undefined) return;
    const { endless } = outcome;
    this.#endless.push({ ...endless, entry, eventNs: endless.eventNs.map(Math.round) });
    this.#messages += endless.eventNs.length;
  }

  #forget(number: number, send: Mutable<SendPlace>): void {
    this.#sends.delete(number);
    this.#free.push(send);
  }

  readonly #placeOf = (text: string): number => {
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    this.#strings.set(text, this.#strings.size);
    return this.#strings.size - 1;
  };
}

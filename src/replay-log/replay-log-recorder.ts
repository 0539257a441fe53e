import type { Disposition, Operation, SendOutcome } from '../replay/ports.ts';
import { recordedOffsets } from '../replay/stream-offsets.ts';
import {
  allocateColumns,
  BLOCK_ENTRIES,
  columnsIn,
  type LogBlockMessage,
  type LogColumns,
  type LogEndless,
  type LogStream,
} from './log-block.ts';
import { DISPOSITIONS, FAILURES, PROTOCOLS } from './names.ts';
import type { ReplayLogObserver, SendPlace } from './replay-log.ts';

const WITH_OUTCOME: ReadonlySet<Disposition> = new Set(['ok', 'error', 'cut_off']);
const OTHER = FAILURES.indexOf('other');
/** A block is handed on after this long even when it is not full, so that a crash costs a second. */
const LONGEST_OPEN_NS = 1e9;
/** As it is when it has so many times of messages and events (4 MB). */
const MOST_MESSAGES = 524_288;

export interface RecorderParts {
  shard: number;
  /** Takes a block over, memory and all. */
  take(block: LogBlockMessage): void;
  /** Memory of a block that was written, if there is some. */
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
  readonly #dispositions = new Map(DISPOSITIONS.map((name, i) => [name, i]));
  readonly #failures = new Map(FAILURES.map((name, i) => [name as string, i]));
  /** Of operations on their way, by number. */
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
  /** The latest end heard of. */
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
    this.#putPlan(i, operation);
    this.#putTimes(i, operation);
    this.#putOutcome(i, operation, disposition);
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

  #putPlan(i: number, operation: Operation): void {
    const columns = this.#columns;
    const { record, number, recordNumber } = operation;
    columns.number[i] = number;
    columns.record[i] = recordNumber;
    columns.session[i] = this.#stringNumber(record.session);
    columns.op[i] = this.#stringNumber(record.op);
    columns.protocol[i] = PROTOCOLS.indexOf(record.protocol);
    columns.recordedStartNs[i] = Math.round(record.startNs);
    columns.recordedDurationNs[i] = Math.round(record.durationNs ?? Number.NaN);
    columns.recordedStatus[i] = record.outcome.status ?? -1;
  }

  #putTimes(i: number, operation: Operation): void {
    const columns = this.#columns;
    columns.dueNs[i] = Math.round(operation.dueNs);
    columns.readyNs[i] = Math.round(operation.readyNs);
    columns.releasedNs[i] = Math.round(operation.releasedNs ?? Number.NaN);
    columns.readingNs[i] = wholeNs(operation.readingNs);
    columns.fullNs[i] = wholeNs(operation.fullNs);
    columns.pacedNs[i] = wholeNs(operation.pacedNs);
    columns.stalledNs[i] = wholeNs(operation.stalledNs);
    columns.sentNs[i] = Math.round(operation.sentNs ?? Number.NaN);
    columns.firstAnswerNs[i] = Math.round(operation.firstAnswerNs ?? Number.NaN);
    columns.doneNs[i] = Math.round(operation.doneNs ?? Number.NaN);
  }

  #putOutcome(i: number, { number, outcome }: Operation, disposition: Disposition): void {
    const columns = this.#columns;
    const send = this.#sends.get(number);
    columns.sendOrder[i] = send?.order ?? Number.NaN;
    columns.inFlight[i] = send?.inFlight ?? 0;
    columns.disposition[i] = this.#dispositions.get(disposition) ?? 0;
    columns.failure[i] = this.#failures.get(failureOf(outcome, disposition)) ?? OTHER;
    columns.status[i] = outcome?.status ?? -1;
    columns.responseBytes[i] = outcome?.responseBytes ?? 0;
    if (send === undefined) return;
    this.#sends.delete(number);
    this.#free.push(send);
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

  #stringNumber(text: string): number {
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    this.#strings.set(text, this.#strings.size);
    return this.#strings.size - 1;
  }
}

function failureOf(outcome: SendOutcome | undefined, disposition: Disposition): string {
  if (outcome === undefined) return WITH_OUTCOME.has(disposition) ? 'no_outcome' : '';
  return outcome.failure ?? (outcome.isCancelled === true ? 'cancelled_as_recorded' : '');
}

function wholeNs(ns: number): number {
  return Math.max(0, Math.round(ns));
}

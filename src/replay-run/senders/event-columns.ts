import type {
  Disposition,
  EndlessTimes,
  FailureCode,
  Operation,
  SendOutcome,
  StreamTimes,
} from '../../replay/ports.ts';

/**
 * What a sender tells of its operations, in the order in which it happened: `EVENT_COLUMNS` numbers for each event.
 * NaN is undefined. Plain data, its buffer is handed over.
 */
export interface EventChunk {
  readonly events: number;
  readonly columns: Float64Array<ArrayBuffer>;
  /** What failed operations had to say, each text once. */
  readonly details: readonly string[];
  /** When the messages of streams that ended went and came. */
  readonly streams: readonly StreamTimes[];
  /** When the events of endless answers that are over came. */
  readonly endless: readonly EndlessTimes[];
  /** Everything up to this time, in ns on the common clock, has been told. */
  readonly upToNs: number;
}

const KIND = 0;
const NUMBER = 1;
const AT = 2;
const IN_FLIGHT = 3;
const DUE = 4;
const READY = 5;
const SENT = 6;
const FIRST_ANSWER = 7;
const DONE = 8;
const STATUS = 9;
const FAILURE = 10;
const DETAIL = 11;
const RESPONSE_BYTES = 12;
const RELEASED = 13;
const READING = 14;
const FULL = 15;
const PACED = 16;
const STALLED = 17;
const STREAM = 18;
const ENDLESS = 19;
export const EVENT_COLUMNS = 20;

const SENT_KIND = 0;
const KIND_OF: Record<Disposition, number> = {
  ok: 1,
  error: 2,
  cut_off: 3,
  shed: 4,
  gate_timeout: 5,
  unsent: 6,
};
const DISPOSITIONS = Object.keys(KIND_OF) as Disposition[];

/** 0: an answer that is not ok; -1: one that is; -2 and -3: the same of one that was cancelled as recorded. */
const FAILURE_OF: Record<FailureCode, number> = {
  timeout: 1,
  connect_failed: 2,
  connection_reset: 3,
  connection_closed: 4,
  bad_response: 5,
  bad_request: 6,
  tls: 7,
  cancelled: 8,
  other: 9,
  keepalive_closed: 10,
};
const FAILURES = Object.keys(FAILURE_OF) as FailureCode[];
const ANSWER_OK = -1;
const ANSWER_NOT_OK = 0;
const CANCELLED_OK = -2;
const CANCELLED_NOT_OK = -3;

/** Writes one event; `disposition` is undefined for a send. */
export function writeEvent(
  columns: Float64Array,
  event: number,
  { operation, disposition, atNs, inFlight, detail, stream, endless }: EventToWrite,
): void {
  const at = event * EVENT_COLUMNS;
  const { outcome } = operation;
  columns[at + KIND] = disposition === undefined ? SENT_KIND : KIND_OF[disposition];
  columns[at + NUMBER] = operation.number;
  columns[at + AT] = atNs;
  columns[at + IN_FLIGHT] = inFlight;
  columns[at + DUE] = operation.dueNs;
  columns[at + READY] = operation.readyNs;
  columns[at + SENT] = operation.sentNs ?? Number.NaN;
  columns[at + FIRST_ANSWER] = operation.firstAnswerNs ?? Number.NaN;
  columns[at + DONE] = operation.doneNs ?? Number.NaN;
  columns[at + STATUS] = outcome?.status ?? Number.NaN;
  columns[at + FAILURE] = outcome === undefined ? Number.NaN : failureOf(outcome);
  columns[at + DETAIL] = detail;
  columns[at + RESPONSE_BYTES] = outcome?.responseBytes ?? 0;
  columns[at + RELEASED] = operation.releasedNs ?? Number.NaN;
  columns[at + READING] = operation.readingNs;
  columns[at + FULL] = operation.fullNs;
  columns[at + PACED] = operation.pacedNs;
  columns[at + STALLED] = operation.stalledNs;
  columns[at + STREAM] = stream;
  columns[at + ENDLESS] = endless;
}

export interface EventToWrite {
  operation: Operation;
  disposition: Disposition | undefined;
  atNs: number;
  inFlight: number;
  /** Position in `details`, -1 for none. */
  detail: number;
  /** Position in `streams`, -1 for none. */
  stream: number;
  /** Position in `endless`, -1 for none. */
  endless: number;
}

function failureOf({ ok, failure, isCancelled }: SendOutcome): number {
  if (failure !== undefined) return FAILURE_OF[failure];
  if (isCancelled === true) return ok ? CANCELLED_OK : CANCELLED_NOT_OK;
  return ok ? ANSWER_OK : ANSWER_NOT_OK;
}

/** Reads a chunk event by event. */
export class EventCursor {
  readonly #chunk: EventChunk;
  #at = 0;

  constructor(chunk: EventChunk) {
    this.#chunk = chunk;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#chunk.events * EVENT_COLUMNS;
  }

  advance(): void {
    this.#at += EVENT_COLUMNS;
  }

  get atNs(): number {
    return this.#number(AT);
  }

  get operation(): number {
    return this.#number(NUMBER);
  }

  /** Operations its sender had in flight. */
  get inFlight(): number {
    return this.#number(IN_FLIGHT);
  }

  /** Undefined: the operation was sent. */
  get disposition(): Disposition | undefined {
    return DISPOSITIONS[this.#number(KIND) - 1];
  }

  /** Makes `operation` what the sender's was. */
  copyTo(operation: Operation): void {
    operation.dueNs = this.#number(DUE);
    operation.readyNs = this.#number(READY);
    operation.releasedNs = this.#optional(RELEASED);
    operation.readingNs = this.#number(READING);
    operation.fullNs = this.#number(FULL);
    operation.pacedNs = this.#number(PACED);
    operation.stalledNs = this.#number(STALLED);
    operation.sentNs = this.#optional(SENT);
    operation.firstAnswerNs = this.#optional(FIRST_ANSWER);
    operation.doneNs = this.#optional(DONE);
    operation.outcome = this.#outcome();
  }

  #outcome(): SendOutcome | undefined {
    const failure = this.#optional(FAILURE);
    if (failure === undefined) return undefined;
    const stream = this.#chunk.streams[this.#number(STREAM)];
    const endless = this.#chunk.endless[this.#number(ENDLESS)];
    return {
      status: this.#optional(STATUS),
      ok: failure === ANSWER_OK || failure === CANCELLED_OK,
      failure: FAILURES[failure - 1],
      detail: this.#chunk.details[this.#number(DETAIL)] ?? '',
      responseBytes: this.#number(RESPONSE_BYTES),
      ...(failure <= CANCELLED_OK ? { isCancelled: true } : {}),
      ...(stream === undefined ? {} : { stream }),
      ...(endless === undefined ? {} : { endless }),
    };
  }

  #number(column: number): number {
    return this.#chunk.columns[this.#at + column] ?? Number.NaN;
  }

  #optional(column: number): number | undefined {
    const value = this.#number(column);
    return Number.isNaN(value) ? undefined : value;
  }
}

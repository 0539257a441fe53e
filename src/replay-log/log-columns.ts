import type { AnswerMatch, Disposition, Operation, SendOutcome } from '../replay/ports.ts';
import {
  afterDue,
  type ColumnForm,
  type ColumnValues,
  deltas,
  orMinusOne,
  orNaN,
  places,
  plain,
} from './column-forms.ts';
import { DISPOSITIONS, FAILURES, PROTOCOLS } from './names.ts';

/** From this version on a log has the messages of streams. */
export const STREAMS_VERSION = 2;
/** From this one on it says which answers were endless. */
export const ENDLESS_VERSION = 3;
/** From this one on it says which answers are the recorded ones. */
export const ANSWERS_VERSION = 4;
/** The document beside it has the histograms of windows from this one on. */
export const WINDOW_HISTOGRAMS_VERSION = 5;
/** From this one on it has the values of the header that answers were counted by. */
export const HEADERS_VERSION = 5;
/** The newest format this program reads and the one it writes. */
export const LOG_FORMAT_VERSION = 5;

/** A kind of typed array. */
export interface ColumnArray<Values extends ColumnValues> {
  readonly BYTES_PER_ELEMENT: number;
  new (count: number): Values;
  new (buffer: ArrayBuffer, offset: number, count: number): Values;
}

/** What one column of a replay log is. */
export interface LogColumn<Values extends ColumnValues> {
  /** Its number in the message Block of proto/engram/replaylog/v1/replay_log.proto. */
  readonly field: number;
  readonly Values: ColumnArray<Values>;
  readonly form: ColumnForm;
  /** Its name in the JSON of an entry; with `recorded.` in front where it says what the trace says. */
  readonly json: string;
  /** The field that holds what the first value counts from; 0 where it is undefined. */
  readonly originField?: number;
  /** Logs before this version lack it, and it is all 0 there; undefined for one that was there from the first. */
  readonly since?: number;
  /**
   * What its values stand for, in this order; 'strings': for the strings of the block; 'strings_from_1': for those too,
   * and 0 for none.
   */
  readonly names?: readonly string[] | 'strings' | 'strings_from_1';
}

/** What an answer is against the recorded one; '' is not known. */
const ANSWERS: readonly (AnswerMatch | '')[] = ['', 'same', 'other'];

const wide = (field: number, form: ColumnForm, json: string, originField?: number) => ({
  ...{ field, form, json, Values: Float64Array },
  ...(originField === undefined ? {} : { originField }),
});
const narrow = (field: number, form: ColumnForm, json: string, names?: 'strings') => ({
  ...{ field, form, json, Values: Int32Array },
  ...(names === undefined ? {} : { names }),
});
const named = (field: number, json: string, names: readonly string[], since?: number) => ({
  ...{ field, form: plain, json, names, Values: Uint8Array },
  ...(since === undefined ? {} : { since }),
});

/**
 * The columns of a block, one value an operation: the recorder's memory, the encoder, the decoder and the JSON of an
 * entry all follow from this table, and `fillRow` says where a value comes from. Times in ns on the replay's clock; NaN,
 * and -1 where the form says so, is absent.
 */
export const LOG_COLUMNS = {
  record: wide(11, deltas, 'record'),
  number: wide(10, deltas, 'number'),
  op: narrow(13, plain, 'op', 'strings'),
  session: narrow(12, plain, 'session', 'strings'),
  protocol: named(14, 'protocol', PROTOCOLS),
  disposition: named(23, 'disposition', DISPOSITIONS),
  failure: named(24, 'failure', FAILURES),
  status: narrow(25, orMinusOne, 'status'),
  answer: named(36, 'answer', ANSWERS, ANSWERS_VERSION),
  headerValue: {
    ...{ field: 37, form: plain, json: 'header_value', Values: Int32Array },
    ...({ names: 'strings_from_1', since: HEADERS_VERSION } as const),
  },
  dueNs: wide(15, deltas, 'due_ns', 4),
  readyNs: wide(16, afterDue, 'ready_ns'),
  releasedNs: wide(17, afterDue, 'released_ns'),
  sentNs: wide(18, afterDue, 'sent_ns'),
  firstAnswerNs: wide(19, afterDue, 'first_answer_ns'),
  doneNs: wide(20, afterDue, 'done_ns'),
  readingNs: wide(30, plain, 'reading_ns'),
  fullNs: wide(31, plain, 'full_ns'),
  pacedNs: wide(32, plain, 'paced_ns'),
  stalledNs: wide(33, plain, 'stalled_ns'),
  responseBytes: wide(26, plain, 'response_bytes'),
  inFlight: narrow(22, plain, 'in_flight'),
  sendOrder: wide(21, places, 'send_order'),
  recordedStartNs: wide(27, deltas, 'recorded.start_ns', 5),
  recordedDurationNs: wide(28, orNaN, 'recorded.duration_ns'),
  recordedStatus: narrow(29, orMinusOne, 'recorded.status'),
} as const satisfies Record<string, LogColumn<ColumnValues>>;

export type LogColumnName = keyof typeof LOG_COLUMNS;

/** One block as columns: `session` and `op` point into its strings, those with names into the lists of names.ts. */
export type LogColumns = {
  [Name in LogColumnName]: InstanceType<(typeof LOG_COLUMNS)[Name]['Values']>;
};

/** All columns, in the order of their fields. */
export const COLUMNS_BY_FIELD = (
  Object.entries(LOG_COLUMNS) as [LogColumnName, LogColumn<ColumnValues>][]
).sort(([, a], [, b]) => a.field - b.field);

const WITH_OUTCOME: ReadonlySet<Disposition> = new Set(['ok', 'error', 'cut_off']);
const DISPOSITION_PLACES = new Map(DISPOSITIONS.map((name, i) => [name, i]));
const FAILURE_PLACES = new Map(FAILURES.map((name, i) => [name as string, i]));
const OTHER = FAILURES.indexOf('other');

/**
 * Writes row `i` of a block: an operation that is settled. `send` is where its send stood, undefined where it was not
 * sent; `placeOf` gives the place of a text among the strings of the block. Spelled out on purpose: it runs for every
 * operation on the thread that sends, and one function a column took five times as long (0.5 us).
 */
export function fillRow(
  to: LogColumns,
  i: number,
  operation: Operation,
  disposition: Disposition,
  send: Readonly<{ order: number; inFlight: number }> | undefined,
  placeOf: (text: string) => number,
): void {
  const { record, outcome } = operation;
  to.record[i] = operation.recordNumber;
  to.number[i] = operation.number;
  to.session[i] = placeOf(record.session);
  to.op[i] = placeOf(record.op);
  to.protocol[i] = PROTOCOLS.indexOf(record.protocol);
  to.disposition[i] = DISPOSITION_PLACES.get(disposition) ?? 0;
  to.failure[i] = FAILURE_PLACES.get(failureOf(outcome, disposition)) ?? OTHER;
  to.status[i] = outcome?.status ?? -1;
  to.answer[i] = ANSWERS.indexOf(outcome?.answer ?? '');
  to.headerValue[i] = outcome?.headerValue === undefined ? 0 : 1 + placeOf(outcome.headerValue);
  to.dueNs[i] = Math.round(operation.dueNs);
  to.readyNs[i] = Math.round(operation.readyNs);
  to.releasedNs[i] = Math.round(operation.releasedNs ?? Number.NaN);
  to.sentNs[i] = Math.round(operation.sentNs ?? Number.NaN);
  to.firstAnswerNs[i] = Math.round(operation.firstAnswerNs ?? Number.NaN);
  to.doneNs[i] = Math.round(operation.doneNs ?? Number.NaN);
  to.readingNs[i] = wholeNs(operation.readingNs);
  to.fullNs[i] = wholeNs(operation.fullNs);
  to.pacedNs[i] = wholeNs(operation.pacedNs);
  to.stalledNs[i] = wholeNs(operation.stalledNs);
  to.responseBytes[i] = outcome?.responseBytes ?? 0;
  to.inFlight[i] = send?.inFlight ?? 0;
  to.sendOrder[i] = send?.order ?? Number.NaN;
  to.recordedStartNs[i] = Math.round(record.startNs);
  to.recordedDurationNs[i] = Math.round(record.durationNs ?? Number.NaN);
  to.recordedStatus[i] = record.outcome.status ?? -1;
}

function failureOf(outcome: SendOutcome | undefined, disposition: Disposition): string {
  if (outcome === undefined) return WITH_OUTCOME.has(disposition) ? 'no_outcome' : '';
  return outcome.failure ?? (outcome.isCancelled === true ? 'cancelled_as_recorded' : '');
}

function wholeNs(ns: number): number {
  return Math.max(0, Math.round(ns));
}

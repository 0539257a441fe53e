/** Entries of a full block. */
export const BLOCK_ENTRIES = 4096;

const WIDE = [
  'number',
  'record',
  'dueNs',
  'readyNs',
  'releasedNs',
  'sentNs',
  'firstAnswerNs',
  'doneNs',
  'sendOrder',
  'responseBytes',
  'recordedStartNs',
  'recordedDurationNs',
  'readingNs',
  'fullNs',
  'pacedNs',
  'stalledNs',
] as const;
const NARROW = ['session', 'op', 'inFlight', 'status', 'recordedStatus'] as const;
const TINY = ['protocol', 'disposition', 'failure'] as const;

type WideColumn = (typeof WIDE)[number];
type NarrowColumn = (typeof NARROW)[number];
type TinyColumn = (typeof TINY)[number];

/**
 * One block of a replay log as columns, one value an operation. Times in ns on the replay's clock; NaN (in `status` and
 * `recordedStatus` -1) is absent. `session` and `op` point into `strings`; the tiny columns into the lists of names.ts.
 */
export type LogColumns = Record<WideColumn, Float64Array> &
  Record<NarrowColumn, Int32Array> &
  Record<TinyColumn, Uint8Array>;

export interface LogBlock {
  /** Which sending thread, from 0. */
  sender: number;
  count: number;
  strings: string[];
  columns: LogColumns;
  /** In the order of their entries. */
  streams: readonly LogStream[];
  /** In the order of their entries. */
  endless: readonly LogEndless[];
}

/** The events of one operation whose answer is endless; it is in no latency but the first answer's. */
export interface LogEndless {
  /** Which entry of the block. */
  entry: number;
  /** False: nothing tells its events apart, and none are counted. */
  areEventsKnown: boolean;
  /** On the replay's clock, in ns: when each event had come. */
  eventNs: Float64Array;
  /** Events that came after those. */
  untimed: number;
  comments: number;
}

/** The messages of one operation that is a gRPC stream; times in ns. */
export interface LogStream {
  /** Which entry of the block. */
  entry: number;
  /** What recorded offsets were divided by; 0: nothing is known of its messages, and none of them left. */
  timeScale: number;
  /** Recorded offsets, ascending: of the client's messages and of the server's. */
  plannedNs: Float64Array;
  recordedNs: Float64Array;
  /** On the replay's clock: when the client's messages left, and the server's had come. */
  sentNs: Float64Array;
  receivedNs: Float64Array;
  /** Messages that came after those. */
  untimed: number;
}

/** One block as it goes from thread to thread: its memory is handed over. */
export interface LogBlockMessage {
  sender: number;
  count: number;
  strings: string[];
  memory: ArrayBuffer;
  streams: LogStream[];
  endless: LogEndless[];
}

const ENTRY_BYTES = WIDE.length * 8 + NARROW.length * 4 + TINY.length;

/** Memory that a decoded block takes, about. */
export function blockBytes({ count, streams, endless }: LogBlock): number {
  let times = 0;
  for (const { plannedNs, recordedNs, sentNs, receivedNs } of streams)
    times += plannedNs.length + recordedNs.length + sentNs.length + receivedNs.length;
  for (const { eventNs } of endless) times += eventNs.length;
  return count * ENTRY_BYTES + times * 8;
}

/** Memory for the columns of one block. */
export function allocateColumns(): ArrayBuffer {
  return new ArrayBuffer(BLOCK_ENTRIES * ENTRY_BYTES);
}

/** The columns that lie in memory of `allocateColumns`. */
export function columnsIn(memory: ArrayBuffer): LogColumns {
  let at = 0;
  const next = <T>(names: readonly string[], width: number, make: (offset: number) => T): [string, T][] =>
    names.map((name) => {
      const offset = at;
      at += width * BLOCK_ENTRIES;
      return [name, make(offset)];
    });
  return Object.fromEntries([
    ...next(WIDE, 8, (offset) => new Float64Array(memory, offset, BLOCK_ENTRIES)),
    ...next(NARROW, 4, (offset) => new Int32Array(memory, offset, BLOCK_ENTRIES)),
    ...next(TINY, 1, (offset) => new Uint8Array(memory, offset, BLOCK_ENTRIES)),
  ]) as unknown as LogColumns;
}

/** The block a message brought. */
export function blockOf({ memory, ...block }: LogBlockMessage): LogBlock {
  return { ...block, columns: columnsIn(memory) };
}

import type { ColumnValues } from './column-forms.ts';
import { LOG_COLUMNS, type LogColumn, type LogColumns } from './log-columns.ts';

/** Entries of a full block. */
export const BLOCK_ENTRIES = 4096;

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

/** Widest first, so that each lies at a multiple of its width. */
const IN_MEMORY = (Object.entries(LOG_COLUMNS) as [keyof LogColumns, LogColumn<ColumnValues>][]).sort(
  ([, a], [, b]) => b.Values.BYTES_PER_ELEMENT - a.Values.BYTES_PER_ELEMENT,
);
const ENTRY_BYTES = IN_MEMORY.reduce((sum, [, { Values }]) => sum + Values.BYTES_PER_ELEMENT, 0);

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
  let offset = 0;
  const columns = IN_MEMORY.map(([name, { Values }]) => {
    const values = new Values(memory, offset, BLOCK_ENTRIES);
    offset += values.byteLength;
    return [name, values];
  });
  return Object.fromEntries(columns) as LogColumns;
}

/** The block a message brought. */
export function blockOf({ memory, ...block }: LogBlockMessage): LogBlock {
  return { ...block, columns: columnsIn(memory) };
}

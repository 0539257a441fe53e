import type { ColumnValues } from './column-forms.ts';
import { LOG_COLUMNS, type LogColumn, type LogColumns } from './log-columns.ts';

/** Entries of a full block. */
export const BLOCK_ENTRIES = 4096;

export interface LogBlock {
  /** The shard that sent the operations, from 0. */
  sender: number;
  count: number;
  strings: string[];
  columns: LogColumns;
  /** They stand in the order of their entries. */
  streams: readonly LogStream[];
  /** They stand in the order of their entries. */
  endless: readonly LogEndless[];
}

/** The events of one operation whose answer is endless; it is in no latency but the first answer's. */
export interface LogEndless {
  /** The place of its entry in the block. */
  entry: number;
  /** False where nothing tells the events apart; none are counted then. */
  areEventsKnown: boolean;
  /** When each event had come, in ns on the replay's clock. */
  eventNs: Float64Array;
  /** How many events came after those whose times are kept. */
  untimed: number;
  comments: number;
}

/** The messages of one operation that is a gRPC stream; times in ns. */
export interface LogStream {
  /** The place of its entry in the block. */
  entry: number;
  /**
   * The factor that recorded offsets were divided by; 0 where nothing is known of its messages, and none of them left.
   */
  timeScale: number;
  /** The recorded offsets, ascending: those of the client's messages, then those of the server's. */
  plannedNs: Float64Array;
  recordedNs: Float64Array;
  /** When the client's messages left and the server's had come, on the replay's clock. */
  sentNs: Float64Array;
  receivedNs: Float64Array;
  /** How many messages came after those whose times are kept. */
  untimed: number;
}

/** A block on its way from one thread to another, which takes its memory over. */
export interface LogBlockMessage {
  sender: number;
  count: number;
  strings: string[];
  memory: ArrayBuffer;
  streams: LogStream[];
  endless: LogEndless[];
}

/** The columns as they lie in memory: the widest first, so that each begins at a multiple of its width. */
const IN_MEMORY = (Object.entries(LOG_COLUMNS) as [keyof LogColumns, LogColumn<ColumnValues>][]).sort(
  ([, a], [, b]) => b.Values.BYTES_PER_ELEMENT - a.Values.BYTES_PER_ELEMENT,
);
const ENTRY_BYTES = IN_MEMORY.reduce((sum, [, { Values }]) => sum + Values.BYTES_PER_ELEMENT, 0);

/** Estimates the memory that a decoded block takes. */
export function blockBytes({ count, streams, endless }: LogBlock): number {
  let times = 0;
  for (const { plannedNs, recordedNs, sentNs, receivedNs } of streams)
    times += plannedNs.length + recordedNs.length + sentNs.length + receivedNs.length;
  for (const { eventNs } of endless) times += eventNs.length;
  return count * ENTRY_BYTES + times * 8;
}

/** Allocates the memory for the columns of one block. */
export function allocateColumns(): ArrayBuffer {
  return new ArrayBuffer(BLOCK_ENTRIES * ENTRY_BYTES);
}

/** Gives the columns that lie in memory of `allocateColumns`. */
export function columnsIn(memory: ArrayBuffer): LogColumns {
  let offset = 0;
  const columns = IN_MEMORY.map(([name, { Values }]) => {
    const values = new Values(memory, offset, BLOCK_ENTRIES);
    offset += values.byteLength;
    return [name, values];
  });
  return Object.fromEntries(columns) as LogColumns;
}

/** Unpacks the block that a message brought. */
export function blockOf({ memory, ...block }: LogBlockMessage): LogBlock {
  return { ...block, columns: columnsIn(memory) };
}

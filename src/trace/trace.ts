import type { Loss, Protocol, TraceHeader, TraceRecord } from './record/record.ts';
import type { PlanHints } from './stats/plan-hints.ts';
import type { TraceIndex } from './stats/trace-index.ts';

/** What to read of a trace. All bounds in ns from the header's epoch. */
export interface ReadOptions {
  /** Inclusive. */
  fromNs?: number | undefined;
  /** Exclusive. */
  toNs?: number | undefined;
  /**
   * Blocks are read and decompressed before they are needed, by a thread of its own where the trace has several: for
   * who has something to do in time meanwhile. One more block is in memory.
   */
  ahead?: boolean | undefined;
  /** It is to be known where records stand in their blocks: see `spansOf`. */
  placed?: boolean | undefined;
  /**
   * The memory of a block is used again once each of its records was given back (`BlockLease`), which whoever asks for
   * this does for those it has the span of. Nothing else may be kept of a record that was given back than its strings
   * and numbers.
   */
  recycled?: boolean | undefined;
  /** A damaged block: stop with an error (default), or skip it and count it in `loss`. */
  onDamage?: 'throw' | 'skip' | undefined;
}

/**
 * An open trace, whatever its form (trace file, NDJSON, NDJSON compressed by zstd or gzip; file or pipe).
 * A file may be read several times, one read after the other; a pipe once.
 */
export interface Trace {
  /** File name, or `-`. For messages. */
  readonly name: string;
  /** `trace`, or the name of the source it comes from: `ndjson`, `ndjson.zst`, … */
  readonly format: string;
  readonly header: TraceHeader;
  /** Undefined on a pipe, for NDJSON, and where the file has none or a damaged one (`warnings` says so). */
  readonly index: TraceIndex | undefined;
  /** What is known before reading. Whoever plans goes by these, and by `index` only to get at blocks. */
  readonly hints: PlanHints;
  /** Can be read again from the start. */
  readonly seekable: boolean;
  /**
   * Plain sentences: index missing, cut off at the end, … May grow while reading. Only what is not whole, or was not
   * all read, belongs here: any one takes `valid` from a replay.
   */
  readonly warnings: readonly string[];
  /**
   * Records in the order of their starts, in batches (never empty). Batches and records are the caller's;
   * bodies are views that stay valid as long as they are held (but see `recycled`).
   */
  records(options?: ReadOptions): AsyncIterable<TraceRecord[]>;
  /** Known losses: the header's, and those of all blocks read so far (with an index: of the whole file). */
  readonly loss: Loss;
  /** Counts the records without making them, where they are made while they are read. */
  outline?(takes: TakesOutlined): Promise<TraceOutline>;
  close(): Promise<void>;
}

/** Whether a record is to be counted, by what is known of it before it is made. */
export type TakesOutlined = (protocol: Protocol, session: () => string) => boolean;

/** What a trace holds, by the records that were taken. */
export interface TraceOutline {
  readonly taken: number;
  readonly left: number;
  /** Starts of the first and the last taken, in ns. */
  readonly firstNs: number;
  readonly lastNs: number;
  readonly perOp: Map<string, number>;
  readonly perProtocol: Map<Protocol, number>;
  /** The first of them by name, with their records, and the records of all others. */
  readonly perSession: Map<string, number>;
  readonly inOtherSessions: number;
}

/** Takes finished bytes; `write` resolves when the sink is ready for more. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Writes one trace, in whichever form. Records may come a little out of order: see `createTraceWriter`. */
export interface TraceWriter {
  /** Records left out because the form can't express them, by op; undefined where it takes all. */
  readonly leftOut?: ReadonlyMap<string, number>;
  write(batch: readonly TraceRecord[]): Promise<void>;
  /** Adds to the loss ledger of the block now open. */
  addLoss(loss: Loss): void;
  /** Closes the block now open, so that it is readable after a crash. */
  flush(): Promise<void>;
  /** Writes what is open, index and seek table, and closes the sink. */
  finish(): Promise<void>;
}

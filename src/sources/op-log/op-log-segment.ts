import type { TraceFile } from '../../trace/read/trace-file.ts';
import type { TraceHeader } from '../../trace/record/record.ts';
import type { BlockEntry } from '../../trace/stats/trace-index.ts';
import type { UnixSpan } from '../unix-span.ts';
import type { SegmentSpan } from './survey-runs.ts';

/** One file of an op log. All times in Unix ns. */
export interface Segment extends SegmentSpan {
  readonly header: TraceHeader;
  /** The tellings in the order in which they were written. */
  readonly tellings: readonly Telling[];
  /** The span of its records; undefined where it has none. `endUnixNs` is just behind the last start. */
  readonly recorded: UnixSpan | undefined;
  readonly records: number;
  /** Equal in copies of one segment; undefined where nobody can tell. */
  readonly identity: string | undefined;
  /** Undefined once it is known that nothing of it is needed. */
  readonly file: TraceFile | undefined;
}

/** A block that tells of losses. */
export interface Telling {
  readonly entry: BlockEntry;
  /** The latest start in the blocks before it: the losses came later. Undefined in the first block. */
  readonly sinceUnixNs: bigint | undefined;
}

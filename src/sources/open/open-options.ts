import type { Readable } from 'node:stream';
import type { Source } from '../source.ts';

/** What opening a trace may be told. */
export interface OpenOptions {
  /** The stream that `-` reads. */
  stdin?: Readable | undefined;
  /** Forms that are read besides the trace file; default: all of `SOURCES`. */
  sources?: readonly Source[] | undefined;
  /** The index is wanted for its totals alone: opening takes the same time for any size. */
  totalsOnly?: boolean | undefined;
}

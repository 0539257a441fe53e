import type { Readable } from 'node:stream';
import type { Trace } from '../trace.ts';

/** What opening a trace may be told. */
export interface OpenOptions {
  /** What `-` reads. */
  stdin?: Readable | undefined;
  /** Opens the JSON trace of the Engram loadtest tool, which is not read here; without it that is `not_a_trace`. */
  openLoadtest?: ((source: ForeignSource) => Trace | Promise<Trace>) | undefined;
  /** The index is wanted for its totals alone: opening takes the same time for any size. */
  totalsOnly?: boolean | undefined;
}

/** A file or pipe in a form that is read elsewhere; already decompressed. */
export interface ForeignSource {
  name: string;
  /** Starts reading from the front; a pipe can do so once. */
  open(): AsyncIterable<Uint8Array>;
  seekable: boolean;
  close(): Promise<void>;
}

import type { Packing } from '../trace/sniff/unpack-head.ts';
import type { Trace } from '../trace/trace.ts';

/** The beginning of an input, unpacked: as much as it takes to tell what it is, 64 KiB at most. */
export interface Head {
  /** Name of the file, or `-`. Only a hint: the content decides. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The bytes as UTF-8, without white space in front; '' where they hold a zero, as no text does. */
  readonly text: string;
}

/** An input that is read as a stream of bytes, which come unpacked. */
export interface SourceInput {
  readonly name: string;
  /** How the input was compressed. */
  readonly packing: Packing;
  /** Can be read again from the front; a pipe can't. */
  readonly seekable: boolean;
  /** Starts reading from the front. */
  open(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** A form that records come in, besides the trace file. */
export interface Source {
  /** The name of the form in one word, such as `ndjson`. */
  readonly name: string;
  /** What it is, with what it is known by: for the error about an input that no source knows. */
  readonly description: string;
  /**
   * Whether an input is of this form, by its beginning; asked again as more of it comes. `perhaps` is taken where no
   * source says `yes`, and it is no other kind of file that is known.
   */
  looksLike(head: Head): 'yes' | 'perhaps' | 'no';
  /** Opens an input that looked like it; closing the trace closes the input. */
  open(input: SourceInput): Trace | Promise<Trace>;
}

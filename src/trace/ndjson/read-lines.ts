import { EngramTraceError } from '../../error.ts';
import { createLineParts } from './line-parts.ts';

export interface Line {
  /** Without its line feed; a view that is valid until the next line is asked for. */
  bytes: Buffer;
  /** The number of the line, from 1. */
  number: number;
  /** Ended by a line feed; false only for the last one of a file that lacks it. */
  isEnded: boolean;
}

/**
 * Longer lines are refused, and not written: a line takes up to some fifteen times its length while it is read, copied
 * and written. A request and an answer of 16 MiB each, which is what `capture` keeps, take 43 MiB.
 */
export const MAX_LINE_BYTES = 64 * 1024 * 1024;
const LINE_FEED = 10;

/**
 * Cuts a stream of bytes into lines. Those of nothing but white space are counted and passed over here, where each
 * costs its bytes and no more: some KB of gzip can be a billion of them, and a turn of the event loop for each is
 * minutes. `name` is for the error about a line beyond `maxBytes`.
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  maxBytes: number = MAX_LINE_BYTES,
): AsyncGenerator<Line> {
  const parts = createLineParts();
  let number = 1;
  for await (const chunk of chunks) {
    for (let start = 0; ; ) {
      if (parts.sizeBytes === 0) {
        const begins = afterBlankLines(chunk, start);
        number += lineFeedsIn(chunk, start, begins);
        start = begins;
      }
      const end = chunk.indexOf(LINE_FEED, start);
      const last = chunk.subarray(start, end < 0 ? chunk.length : end);
      const isWhole = end >= 0 && parts.sizeBytes === 0;
      if (!isWhole && last.length > 0) parts.add(last);
      if (parts.sizeBytes > maxBytes) throw tooLong(name, number, maxBytes);
      if (end < 0) break;
      // A line within one chunk, as most are, is a view of it.
      const bytes = isWhole ? viewOf(last) : parts.take();
      if (isWhole || !isBlank(bytes)) yield { bytes, number, isEnded: true };
      number++;
      start = end + 1;
    }
  }
  const bytes = parts.take();
  if (!isBlank(bytes)) yield { bytes, number, isEnded: false };
}

/** Where the first line begins that holds more than white space, or that has no end here. */
function afterBlankLines(chunk: Uint8Array, start: number): number {
  let begins = start;
  for (let at = start; at < chunk.length && isWhiteSpace(chunk[at]); at++) {
    if (chunk[at] === LINE_FEED) begins = at + 1;
  }
  return begins;
}

function lineFeedsIn(chunk: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at++) if (chunk[at] === LINE_FEED) count++;
  return count;
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every(isWhiteSpace);
}

/** What JSON calls white space. */
function isWhiteSpace(byte: number | undefined): boolean {
  return byte === 32 || byte === 9 || byte === LINE_FEED || byte === 13;
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function tooLong(name: string, number: number, maxBytes: number): EngramTraceError {
  return new EngramTraceError('bad_record', `the line is longer than ${maxBytes} bytes`, {
    where: `${name}, line ${number}`,
    hint: 'Is it NDJSON, with one record a line?',
  });
}

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

/** Cuts a stream of bytes into lines. `name` is for the error about a line beyond `maxBytes`. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  maxBytes: number = MAX_LINE_BYTES,
): AsyncGenerator<Line> {
  const parts = createLineParts();
  let number = 1;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      const last = chunk.subarray(start, end);
      // A line within one chunk, as most are, is a view of it.
      if (parts.sizeBytes > 0) parts.add(last);
      if (parts.sizeBytes > maxBytes) throw tooLong(name, number, maxBytes);
      const bytes = parts.sizeBytes > 0 ? parts.take() : viewOf(last);
      yield { bytes, number: number++, isEnded: true };
      start = end + 1;
    }
    if (start === chunk.length) continue;
    parts.add(chunk.subarray(start));
    if (parts.sizeBytes > maxBytes) throw tooLong(name, number, maxBytes);
  }
  if (parts.sizeBytes > 0) yield { bytes: parts.take(), number, isEnded: false };
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

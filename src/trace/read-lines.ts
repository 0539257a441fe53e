import { EngramTraceError } from './error.ts';

export interface Line {
  /** Without its line feed; a view that is valid until the next line is asked for. */
  bytes: Buffer;
  /** From 1. */
  number: number;
  /** Ended by a line feed; false only for the last one of a file that lacks it. */
  isEnded: boolean;
}

/** Longer lines are refused: no record is as long, and a string in JavaScript can't be much longer. */
export const MAX_LINE_BYTES = 256 * 1024 * 1024;
const LINE_FEED = 10;

/** Cuts a stream of bytes into lines. `name` is for the error about a line beyond `maxBytes`. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  maxBytes: number = MAX_LINE_BYTES,
): AsyncGenerator<Line> {
  let number = 1;
  let parts: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      parts.push(chunk.subarray(start, end));
      yield { bytes: join(parts), number: number++, isEnded: true };
      parts = [];
      heldBytes = 0;
      start = end + 1;
    }
    if (start === chunk.length) continue;
    parts.push(chunk.subarray(start));
    heldBytes += chunk.length - start;
    if (heldBytes > maxBytes) throw tooLong(name, number, maxBytes);
  }
  if (heldBytes > 0) yield { bytes: join(parts), number, isEnded: false };
}

function join(parts: readonly Uint8Array[]): Buffer {
  const [only] = parts;
  if (!only || parts.length > 1) return Buffer.concat(parts);
  return Buffer.from(only.buffer, only.byteOffset, only.length);
}

function tooLong(name: string, number: number, maxBytes: number): EngramTraceError {
  return new EngramTraceError('bad_record', `the line is longer than ${maxBytes} bytes`, {
    where: `${name}, line ${number}`,
    hint: 'Is it NDJSON, with one record a line?',
  });
}

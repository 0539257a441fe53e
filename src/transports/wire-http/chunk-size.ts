import { isFieldValue, skipSpace } from '../answer/response-fields.ts';

const CHUNK_LINE = /^[ \t]*0*([0-9A-Fa-f]{1,13})[ \t\r]*(?:;.*)?$/s;
const MAX_CHUNK_DIGITS = 13;

/** Reads the line in front of a chunk of an answer, regular or not; -1 for one that tells no size. */
export function chunkSize(bytes: Buffer, from: number, to: number): number {
  const size = parseChunkSize(bytes, from, to);
  return size >= 0 ? size : mendChunkSize(bytes.toString('latin1', from, to));
}

/**
 * Reads the size from a chunk line (RFC 9112 §7.1.1), its extensions checked for control characters only; -1 for none.
 */
function parseChunkSize(bytes: Uint8Array, from: number, to: number): number {
  let size = 0;
  let at = from;
  for (; at < to; at += 1) {
    const digit = hexDigit(bytes[at] as number);
    if (digit < 0) break;
    size = size * 16 + digit;
  }
  if (at === from || at - from > MAX_CHUNK_DIGITS) return -1;
  const next = skipSpace(bytes, at, to);
  if (next === to) return size;
  return bytes[next] === 0x3b && isFieldValue(bytes, next, to) ? size : -1;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** Reads a size with spaces or zeros in front of it, or an extension that is none; -1 for no size. */
function mendChunkSize(line: string): number {
  const digits = CHUNK_LINE.exec(line)?.[1];
  return digits === undefined ? -1 : Number.parseInt(digits, 16);
}

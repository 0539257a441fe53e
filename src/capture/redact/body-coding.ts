import { brotliDecompressSync, gunzipSync, gzipSync, inflateRawSync, inflateSync } from 'node:zlib';

/** Bodies that inflate beyond this are not looked into: the traffic waits meanwhile. */
export const MAX_LOOKED_BYTES = 4 * 1024 * 1024;

const LIMIT = { maxOutputLength: MAX_LOOKED_BYTES };
const inflaters: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  gzip: (bytes) => gunzipSync(bytes, LIMIT),
  'x-gzip': (bytes) => gunzipSync(bytes, LIMIT),
  deflate: inflated,
  br: (bytes) => brotliDecompressSync(bytes, LIMIT),
};

/** `deflate` is zlib's format by the standard, and bare deflate with some clients. */
function inflated(bytes: Uint8Array): Buffer {
  try {
    return inflateSync(bytes, LIMIT);
  } catch {
    return inflateRawSync(bytes, LIMIT);
  }
}

/**
 * A body without its coding, or undefined where that is none of ours, too large, or not what it says. Several codings,
 * one over the other, are none of ours.
 */
export function decodeBody(bytes: Uint8Array, coding: string): Buffer | undefined {
  const decode = Object.hasOwn(inflaters, coding) ? inflaters[coding] : undefined;
  try {
    return decode?.(bytes);
  } catch {
    return undefined;
  }
}

/**
 * A redacted body in its coding again: gzip without compression, so that `[redacted]` stands in it for replay to find.
 * Undefined for codings that can't be written so.
 */
export function encodeBody(bytes: Buffer, coding: string): Buffer | undefined {
  return coding === 'gzip' || coding === 'x-gzip' ? gzipSync(bytes, { level: 0 }) : undefined;
}

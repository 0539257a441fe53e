import * as zlib from 'node:zlib';

// zlib.crc32 came with Node 20.15 and 22.2.
const native = (zlib as { crc32?: (bytes: Uint8Array, value?: number) => number }).crc32;

let table: Uint32Array | undefined;

/** CRC-32/ISO-HDLC, that of zlib and gzip; `value` is the result so far. */
export const crc32: (bytes: Uint8Array, value?: number) => number = native ?? crc32InScript;

/** Computes it without zlib's help; exported for the test that compares the two. */
export function crc32InScript(bytes: Uint8Array, value = 0): number {
  table ??= makeTable();
  let crc = ~value;
  for (const byte of bytes) crc = (table[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function makeTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    return crc;
  });
}

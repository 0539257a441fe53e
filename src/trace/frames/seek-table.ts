// The table of the zstd seekable format, version 0.1.0 (contrib/seekable_format in the zstd sources).
import { readU32 } from './zstd-frame.ts';

/** One frame of the file, skippable ones included. */
export interface SeekEntry {
  compressedBytes: number;
  rawBytes: number;
  /** The low 32 bits of the XXH64 of the content: the last four bytes of a frame with a checksum. 0 if unknown. */
  checksum: number;
}

export const SEEK_TABLE_MAGIC = 0x184d2a5e;
/** The size of the footer: number of frames, descriptor, magic. */
export const SEEK_FOOTER_BYTES = 9;
const SEEKABLE_MAGIC = 0x8f92eab1;
const SKIPPABLE_HEADER_BYTES = 8;
const CHECKSUM_FLAG = 0x80;
const RESERVED_BITS = 0x7c;
const MAX_FRAMES = 0x8000000;

/** Makes the whole skippable frame that holds a seek table. */
export function encodeSeekTable(entries: readonly SeekEntry[]): Uint8Array {
  const contentBytes = entries.length * 12 + SEEK_FOOTER_BYTES;
  const table = Buffer.alloc(SKIPPABLE_HEADER_BYTES + contentBytes);
  let at = table.writeUInt32LE(SEEK_TABLE_MAGIC, 0);
  at = table.writeUInt32LE(contentBytes, at);
  for (const { compressedBytes, rawBytes, checksum } of entries) {
    at = table.writeUInt32LE(compressedBytes, at);
    at = table.writeUInt32LE(rawBytes, at);
    at = table.writeUInt32LE(checksum, at);
  }
  at = table.writeUInt32LE(entries.length, at);
  at = table.writeUInt8(CHECKSUM_FLAG, at);
  table.writeUInt32LE(SEEKABLE_MAGIC, at);
  return table;
}

/**
 * Size of the whole skippable frame, told by the last nine bytes of a file of `fileBytes`; undefined where they
 * are no footer, or claim more than the file holds.
 */
export function seekTableBytes(footer: Uint8Array, fileBytes: number): number | undefined {
  if (footer.length !== SEEK_FOOTER_BYTES || readU32(footer, 5) !== SEEKABLE_MAGIC) return undefined;
  const frames = readU32(footer, 0);
  const descriptor = footer[4] ?? 0;
  if (descriptor & RESERVED_BITS || frames > MAX_FRAMES) return undefined;
  const size = SKIPPABLE_HEADER_BYTES + frames * entryBytes(descriptor) + SEEK_FOOTER_BYTES;
  return size <= fileBytes ? size : undefined;
}

/** Decodes the skippable frame; undefined where it is none. */
export function decodeSeekTable(table: Uint8Array): SeekEntry[] | undefined {
  if (!isSeekTable(table)) return undefined;
  const step = entryBytes(table[table.length - 5] ?? 0);
  const entries: SeekEntry[] = [];
  for (let at = SKIPPABLE_HEADER_BYTES; at < table.length - SEEK_FOOTER_BYTES; at += step) {
    const checksum = step === 12 ? readU32(table, at + 8) : 0;
    entries.push({ compressedBytes: readU32(table, at), rawBytes: readU32(table, at + 4), checksum });
  }
  return entries;
}

export interface SeekSums {
  frames: number;
  compressedBytes: number;
  rawBytes: number;
  /** The size of the first frame. */
  firstBytes: number;
  firstRawBytes: number;
  /** The size of the last frame. */
  lastBytes: number;
}

/** Adds up the sizes in the skippable frame without an object for each; undefined where it is none. */
export function sumSeekTable(table: Uint8Array): SeekSums | undefined {
  if (!isSeekTable(table)) return undefined;
  const step = entryBytes(table[table.length - 5] ?? 0);
  const view = new DataView(table.buffer, table.byteOffset, table.length);
  const end = table.length - SEEK_FOOTER_BYTES;
  if (end === SKIPPABLE_HEADER_BYTES) return undefined;
  let compressedBytes = 0;
  let rawBytes = 0;
  for (let at = SKIPPABLE_HEADER_BYTES; at < end; at += step) {
    compressedBytes += view.getUint32(at, true);
    rawBytes += view.getUint32(at + 4, true);
  }
  return {
    frames: (end - SKIPPABLE_HEADER_BYTES) / step,
    compressedBytes,
    rawBytes,
    firstBytes: view.getUint32(SKIPPABLE_HEADER_BYTES, true),
    firstRawBytes: view.getUint32(SKIPPABLE_HEADER_BYTES + 4, true),
    lastBytes: view.getUint32(end - step, true),
  };
}

function isSeekTable(table: Uint8Array): boolean {
  const size = seekTableBytes(table.subarray(Math.max(0, table.length - SEEK_FOOTER_BYTES)), table.length);
  if (size !== table.length) return false;
  return readU32(table, 0) === SEEK_TABLE_MAGIC && readU32(table, 4) === size - SKIPPABLE_HEADER_BYTES;
}

function entryBytes(descriptor: number): number {
  return descriptor & CHECKSUM_FLAG ? 12 : 8;
}

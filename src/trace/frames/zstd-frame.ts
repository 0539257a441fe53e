// Frame layout: RFC 8878, section 3.1. Nothing here decompresses.

export const FRAME_MAGIC = 0xfd2fb528;
/** The sixteen magic numbers 0x184D2A50..5F start frames that decoders skip. */
export const SKIPPABLE_MAGIC = 0x184d2a50;
const MAX_BLOCK_BYTES = 128 * 1024;
const CHECKSUM_BYTES = 4;

/** What the bytes from an offset on are: a frame, its beginning, or neither. */
export type FrameSpan =
  | {
      kind: 'data';
      sizeBytes: number;
      /** Undefined where the frame does not say. */
      contentBytes: number | undefined;
      /** The content can't be longer than this, whatever the frame claims. */
      maxContentBytes: number;
      hasChecksum: boolean;
    }
  | { kind: 'skippable'; sizeBytes: number; magic: number }
  /** The frame goes on behind the bytes at hand; `atLeastBytes` of it are needed for the next step. */
  | { kind: 'incomplete'; atLeastBytes: number }
  | { kind: 'invalid'; reason: string };

/** Finds where the frame at `offset` ends, by its block headers. */
export function frameSpan(bytes: Uint8Array, offset = 0): FrameSpan {
  const available = bytes.length - offset;
  if (available < 4) return { kind: 'incomplete', atLeastBytes: 4 };
  const magic = readU32(bytes, offset);
  if (isSkippable(magic)) {
    if (available < 8) return { kind: 'incomplete', atLeastBytes: 8 };
    const sizeBytes = 8 + readU32(bytes, offset + 4);
    if (available < sizeBytes) return { kind: 'incomplete', atLeastBytes: sizeBytes };
    return { kind: 'skippable', sizeBytes, magic };
  }
  if (magic !== FRAME_MAGIC) return { kind: 'invalid', reason: 'no zstd frame starts here' };
  return dataSpan(bytes, offset);
}

/** Whether a little-endian u32 starts a skippable frame. */
export function isSkippable(magic: number): boolean {
  return (magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC;
}

/** Reads a little-endian u32; bytes behind the end count as 0. */
export function readU32(bytes: Uint8Array, offset: number): number {
  const low = (bytes[offset] ?? 0) | ((bytes[offset + 1] ?? 0) << 8);
  const high = (bytes[offset + 2] ?? 0) | ((bytes[offset + 3] ?? 0) << 8);
  return low + high * 0x10000;
}

function dataSpan(bytes: Uint8Array, offset: number): FrameSpan {
  const descriptor = bytes[offset + 4];
  if (descriptor === undefined) return { kind: 'incomplete', atLeastBytes: 5 };
  if (descriptor & 0x08) return { kind: 'invalid', reason: 'a reserved bit of the frame header is set' };
  const headerBytes = frameHeaderBytes(descriptor);
  const contentSizeBytes = contentSizeFieldBytes(descriptor);
  if (bytes.length - offset < headerBytes) return { kind: 'incomplete', atLeastBytes: headerBytes };
  const contentBytes = readContentSize(bytes, offset + headerBytes - contentSizeBytes, contentSizeBytes);
  return walkBlocks(bytes, offset, headerBytes, contentBytes, (descriptor & 0x04) !== 0);
}

/** Length of a frame's header, magic number included, as its fifth byte tells. */
export function frameHeaderBytes(descriptor = 0): number {
  const windowBytes = descriptor & 0x20 ? 0 : 1;
  return 5 + windowBytes + dictionaryFieldBytes(descriptor) + contentSizeFieldBytes(descriptor);
}

/** What a decoder needs for a frame, by its whole header. */
export interface FrameDemands {
  /** Memory of what came before, which the frame refers to. */
  windowBytes: number;
  /** 0 for none. */
  dictionaryId: number;
}

/** Reads a frame's header of `frameHeaderBytes` bytes. */
export function frameDemands(header: Uint8Array): FrameDemands {
  const descriptor = header[4] ?? 0;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = dictionaryFieldBytes(descriptor);
  const dictionaryAt = isSingleSegment ? 5 : 6;
  const dictionaryId = readU32(header.subarray(dictionaryAt, dictionaryAt + dictionaryBytes), 0);
  const sizeBytes = contentSizeFieldBytes(descriptor);
  const contentBytes = readContentSize(header, dictionaryAt + dictionaryBytes, sizeBytes);
  return { windowBytes: isSingleSegment ? (contentBytes ?? 0) : windowOf(header[5] ?? 0), dictionaryId };
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function dictionaryFieldBytes(descriptor: number): number {
  return [0, 1, 2, 4][descriptor & 3] ?? 0;
}

function contentSizeFieldBytes(descriptor: number): number {
  const code = descriptor >> 6;
  if (code > 0) return 1 << code;
  return descriptor & 0x20 ? 1 : 0;
}

function readContentSize(bytes: Uint8Array, at: number, sizeBytes: number): number | undefined {
  if (sizeBytes === 0) return undefined;
  if (sizeBytes === 1) return bytes[at] ?? 0;
  if (sizeBytes === 2) return (readU32(bytes, at) & 0xffff) + 256;
  if (sizeBytes === 4) return readU32(bytes, at);
  return readU32(bytes, at) + readU32(bytes, at + 4) * 2 ** 32;
}

function walkBlocks(
  bytes: Uint8Array,
  offset: number,
  headerBytes: number,
  contentBytes: number | undefined,
  hasChecksum: boolean,
): FrameSpan {
  const available = bytes.length - offset;
  let sizeBytes = headerBytes;
  let maxContentBytes = 0;
  for (let last = false; !last; ) {
    if (available < sizeBytes + 3) return { kind: 'incomplete', atLeastBytes: sizeBytes + 3 };
    const header = readU32(bytes, offset + sizeBytes) & 0xffffff;
    const type = (header >> 1) & 3;
    const blockBytes = header >> 3;
    if (type === 3) return { kind: 'invalid', reason: 'a block of a reserved type' };
    if (blockBytes > MAX_BLOCK_BYTES) return { kind: 'invalid', reason: 'a block longer than 128 KiB' };
    last = (header & 1) === 1;
    sizeBytes += 3 + (type === 1 ? 1 : blockBytes);
    maxContentBytes += type === 2 ? MAX_BLOCK_BYTES : blockBytes;
  }
  if (hasChecksum) sizeBytes += CHECKSUM_BYTES;
  if (available < sizeBytes) return { kind: 'incomplete', atLeastBytes: sizeBytes };
  return { kind: 'data', sizeBytes, contentBytes, maxContentBytes, hasChecksum };
}

import { crc32 } from '../bytes/crc32.ts';
import { readU32, SKIPPABLE_MAGIC } from './zstd-frame.ts';

/** The skippable frame in front of the seek table that holds our index. */
export const INDEX_MAGIC = SKIPPABLE_MAGIC + 0xa;
/** The letters `ETIX`, by which an index frame is known. */
const INDEX_TAG = Buffer.from('ETIX', 'latin1');
const PREFIX_BYTES = 16;

/** Makes the frame: magic, size, `ETIX`, CRC-32 of the message, message. */
export function encodeIndexFrame(message: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(PREFIX_BYTES + message.length);
  frame.writeUInt32LE(INDEX_MAGIC, 0);
  frame.writeUInt32LE(PREFIX_BYTES - 8 + message.length, 4);
  INDEX_TAG.copy(frame, 8);
  frame.writeUInt32LE(crc32(message), 12);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

/** The Index message of a frame; undefined where the frame is another one, or damaged. */
export function decodeIndexFrame(frame: Uint8Array): Uint8Array | undefined {
  if (frame.length < PREFIX_BYTES || readU32(frame, 0) !== INDEX_MAGIC) return undefined;
  if (readU32(frame, 4) !== frame.length - 8) return undefined;
  if (!INDEX_TAG.equals(frame.subarray(8, 12))) return undefined;
  const message = frame.subarray(PREFIX_BYTES);
  return crc32(message) === readU32(frame, 12) ? message : undefined;
}

import { EngramTraceError } from '../../error.ts';
import type { BlockLease } from '../block/block-lease.ts';
import { MalformedError } from '../bytes/wire-reader.ts';
import { readBytesSync } from '../file/random-file.ts';
import { traceFrameRefusal } from '../frames/trace-frame-refusal.ts';
import { decompressFrame } from '../frames/zstd.ts';
import { frameSpan } from '../frames/zstd-frame.ts';
import type { BlockEntry } from '../stats/trace-index.ts';

/** Where the frame of a block stands, as plain data that can be posted to a thread. */
export interface BlockPlace {
  /** Of a file that is open in this process. */
  fd: number;
  offset: number;
  compressedBytes: number;
  rawBytes: number;
}

/** The bytes of a block; with a lease their memory is used again. */
export interface RawBlock {
  readonly bytes: Uint8Array;
  readonly lease: BlockLease | undefined;
}

/** Kept from block to block. */
let frameMemory: Uint8Array = new Uint8Array(0);

/**
 * Reads the frame of a block and decompresses it into `into`, or else memory of its own. Throws `io` where it can't be
 * read, and a plain Error where it is damaged.
 */
export function unpackBlock(place: BlockPlace, into?: Uint8Array): Uint8Array {
  if (frameMemory.length < place.compressedBytes) frameMemory = new Uint8Array(place.compressedBytes);
  const memory = frameMemory.subarray(0, place.compressedBytes);
  const frame = memory.subarray(0, readOrSay(place, memory));
  checkFrame(frame, place);
  return decompressFrame(frame, place.rawBytes, into);
}

/** Throws a MalformedError where a frame is not what the index says. */
export function checkFrame(
  frame: Uint8Array,
  { compressedBytes, rawBytes }: Pick<BlockEntry, 'compressedBytes' | 'rawBytes'>,
): void {
  const span = frameSpan(frame);
  if (span.kind === 'invalid') throw new MalformedError(span.reason);
  if (span.kind !== 'data' || span.sizeBytes !== frame.length || frame.length !== compressedBytes) {
    throw new MalformedError('the frame has not the length the index says');
  }
  const reason = traceFrameRefusal(span);
  if (reason !== undefined) throw new MalformedError(reason);
  if (span.contentBytes !== rawBytes)
    throw new MalformedError('the content has not the length the index says');
}

function readOrSay({ fd, offset }: BlockPlace, memory: Uint8Array): number {
  try {
    return readBytesSync(fd, memory, offset);
  } catch (thrown) {
    throw EngramTraceError.from(thrown, 'io');
  }
}

import { type BlockClaim, checkBlock } from '../block/check-block.ts';
import { decompressFrame } from '../frames/zstd.ts';
import { type BlockPlace, unpackBlock } from './unpack-block.ts';

/** A block to be read and decompressed, into memory that both threads see where it is given; or a frame to be checked. */
export type DecompressWork =
  | { kind: 'unpack'; place: BlockPlace; into: SharedArrayBuffer | undefined }
  | { kind: 'check'; frame: Uint8Array; rawBytes: number; claim: BlockClaim };

const NO_BYTES = new Uint8Array(0);

/** Does the work in this thread. Returns the bytes of the block, none for a frame that is checked; throws for damage. */
export function doDecompressWork(work: DecompressWork): Uint8Array {
  if (work.kind === 'unpack') return unpackBlock(work.place, memoryFor(work));
  checkBlock(decompressFrame(work.frame, work.rawBytes), work.claim);
  return NO_BYTES;
}

/** The memory that is given for what the work brings; undefined where it brings memory of its own, none for a check. */
export function memoryFor(work: DecompressWork): Uint8Array | undefined {
  if (work.kind === 'check') return NO_BYTES;
  return work.into && new Uint8Array(work.into, 0, work.place.rawBytes);
}

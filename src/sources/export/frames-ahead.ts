import { checkBlock } from '../../trace/block/check-block.ts';
import { decompressFrame } from '../../trace/frames/zstd.ts';
import { createDecompressThread, type DecompressThread } from '../../trace/read/decompress-thread.ts';
import type { PlannedBlock } from './export-plan.ts';

/** Frames that are read and checked ahead of their being written. */
export interface FramesAhead {
  /** The frame of the block with this number, to be asked for in their order. Rejects with `corrupt`. */
  take(number: number): Promise<Uint8Array>;
}

/** Bytes of content from which on a thread is worth its start. */
const WORTH_A_THREAD_BYTES = 4 * 1024 * 1024;
const MOST_AHEAD = 4;
const MOST_AHEAD_BYTES = 16 * 1024 * 1024;

/** Checks the blocks that will be copied: in a thread of its own where they are many. */
export function createBlockChecker(
  blocks: readonly PlannedBlock[],
): Pick<DecompressThread, 'check' | 'close'> {
  const rawBytes = blocks.reduce((sum, { entry }) => sum + entry.rawBytes, 0);
  if (rawBytes >= WORTH_A_THREAD_BYTES) return createDecompressThread();
  return {
    check: async (frame, size, claim) => checkBlock(decompressFrame(frame, size), claim),
    close: async () => {},
  };
}

/** Makes frames that are read ahead; `check` runs in another thread meanwhile. */
export function createFramesAhead(
  blocks: readonly PlannedBlock[],
  check: DecompressThread['check'],
): FramesAhead {
  const ahead = new Map<number, Promise<Uint8Array>>();
  const begin = (number: number, { file, entry }: PlannedBlock): void => {
    const frame = file.readChecked(entry, check);
    frame.catch(() => {}); // told when it is taken, if it is
    ahead.set(number, frame);
  };
  return {
    take(number) {
      let bytes = 0;
      for (let next = number; next < number + MOST_AHEAD; next++) {
        const block = blocks[next];
        bytes += block?.entry.rawBytes ?? 0;
        if (next > number && bytes > MOST_AHEAD_BYTES) break;
        if (block?.use === 'copy' && !ahead.has(next)) begin(next, block);
      }
      const frame = ahead.get(number);
      ahead.delete(number);
      return frame ?? Promise.reject(new Error(`block ${number} is not to be copied`));
    },
  };
}

import { BlockLease } from '../block/block-lease.ts';
import type { BlockPool } from './block-pool.ts';
import type { DecompressThread } from './decompress-thread.ts';
import type { Unpack } from './trace-file.ts';

/** Unpacks blocks by `thread`: into memory of `pool` as long as it has any, and else into memory of their own. */
export function createUnpack(thread: Pick<DecompressThread, 'unpack'>, pool: BlockPool | undefined): Unpack {
  return async (place, records) => {
    const memory = records === 0 ? undefined : pool?.take(place.rawBytes);
    if (memory === undefined) return { bytes: await thread.unpack(place), lease: undefined };
    try {
      const bytes = await thread.unpack(place, memory);
      return { bytes, lease: new BlockLease(records, () => pool?.give(memory)) };
    } catch (error) {
      pool?.give(memory);
      throw error;
    }
  };
}

import type { BlockEntry } from '../stats/trace-index.ts';

/** Memory for unpacked blocks that is made once and used again. */
export interface BlockPool {
  /** Memory with room for so many bytes; undefined where it would take more, or all of it is in use. */
  take(sizeBytes: number): SharedArrayBuffer | undefined;
  give(memory: SharedArrayBuffer): void;
}

/** What a replay reads ahead (16 MiB), what its operations hold and what is unpacked meanwhile. */
const MOST_SLOTS = 24;
/** Longer blocks (of very long bodies) get memory of their own. */
const MOST_SLOT_BYTES = 2 * 1024 * 1024;

/**
 * Makes a pool for these blocks. Its memory is shared, so that one thread fills what another reads and nothing is
 * cloned; every thread that saw such memory keeps it, and so the same few pieces go round. `onGiven` sees what comes
 * back.
 */
export function createBlockPool(
  blocks: readonly Pick<BlockEntry, 'rawBytes'>[],
  onGiven?: (memory: SharedArrayBuffer) => void,
): BlockPool {
  let slotBytes = 0;
  for (const { rawBytes } of blocks)
    if (rawBytes <= MOST_SLOT_BYTES) slotBytes = Math.max(slotBytes, rawBytes);
  const free: SharedArrayBuffer[] = [];
  let made = 0;
  const make = (): SharedArrayBuffer | undefined => {
    if (made >= MOST_SLOTS) return undefined;
    made++;
    return new SharedArrayBuffer(slotBytes);
  };
  return {
    take: (sizeBytes) => (sizeBytes > slotBytes ? undefined : (free.pop() ?? make())),
    give: (memory) => {
      onGiven?.(memory);
      free.push(memory);
    },
  };
}

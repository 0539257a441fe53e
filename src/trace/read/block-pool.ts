import type { BlockEntry } from '../stats/trace-index.ts';

/** Memory for unpacked blocks that is made once and used again. */
export interface BlockPool {
  /** Memory with room for so many bytes; undefined where it would take more, or all of it is in use. */
  take(sizeBytes: number): SharedArrayBuffer | undefined;
  give(memory: SharedArrayBuffer): void;
}

/** What a replay reads ahead (16 MiB), what its operations hold and what is unpacked meanwhile. */
const MOST_PIECES = 24;
/** Longer blocks (of very long bodies) get memory of their own. */
const MOST_PIECE_BYTES = 2 * 1024 * 1024;

/** Who looks at the pool at work: tests. */
export interface BlockPoolWatch {
  /** Sees each piece of memory when it is made. */
  onMade?: ((memory: SharedArrayBuffer) => void) | undefined;
  /** Sees memory that was given back, and may be written to. */
  onGiven?: ((memory: SharedArrayBuffer) => void) | undefined;
}

/**
 * Makes a pool for these blocks. Its memory is shared, so that one thread fills what another reads and nothing is
 * cloned; every thread that saw such memory keeps it, and so the same few pieces go round.
 */
export function createBlockPool(
  blocks: readonly Pick<BlockEntry, 'rawBytes'>[],
  { onMade, onGiven }: BlockPoolWatch = {},
): BlockPool {
  let pieceBytes = 0;
  for (const { rawBytes } of blocks)
    if (rawBytes <= MOST_PIECE_BYTES) pieceBytes = Math.max(pieceBytes, rawBytes);
  const free: SharedArrayBuffer[] = [];
  let made = 0;
  const make = (): SharedArrayBuffer | undefined => {
    if (made >= MOST_PIECES) return undefined;
    made++;
    const memory = new SharedArrayBuffer(pieceBytes);
    onMade?.(memory);
    return memory;
  };
  return {
    take: (sizeBytes) => (sizeBytes > pieceBytes ? undefined : (free.pop() ?? make())),
    give: (memory) => {
      onGiven?.(memory);
      free.push(memory);
    },
  };
}

import type { TraceRecord } from '../record/record.ts';
import type { BlockCursor } from './block-cursor.ts';
import { createCursorSet, type HeldCursor } from './cursor-set.ts';
import type { NumberedBlock } from './numbered-blocks.ts';

/** Opens and advances the blocks of a merge. */
export interface BlockAccess {
  /** This block is the one that will be opened next, as far as one can tell. */
  prepare?(block: NumberedBlock): void;
  /** Undefined for a block that is damaged and to be skipped. */
  open(block: NumberedBlock): Promise<BlockCursor | undefined>;
  /** Passes one record. May end the block where it is damaged and to be skipped. */
  advance(block: NumberedBlock, cursor: BlockCursor): void;
}

export interface MergeOptions {
  fromNs?: number | undefined;
  toNs?: number | undefined;
  maxBlocks?: number | undefined;
  maxBytes?: number | undefined;
  /** It is to be known where records stand (`spansOf`). */
  placed?: boolean | undefined;
}

interface OpenedBlock extends HeldCursor {
  block: NumberedBlock;
}

/** A block that is not open: not yet, or no longer. */
interface Pending {
  block: NumberedBlock;
  rank: number;
  nextStartNs: number;
  /** Records already passed. */
  position: number;
}

/** Small enough that decoding one (about 0.1 ms) stalls nobody who has something to send meanwhile. */
export const BATCH_RECORDS = 128;
/** Decompressed blocks held at the same time. */
export const MAX_HELD_BLOCKS = 32;
export const MAX_HELD_BYTES = 64 * 1024 * 1024;

/**
 * Records of the planned blocks in the order of their starts. A block is opened when its first record is due, so
 * that blocks in a row are held one at a time; where too many overlap, the one whose next record lies farthest
 * ahead is closed and read again later. Where a block can't be read, all records before it come first, then the error.
 */
export async function* mergeBlocks(
  plan: readonly NumberedBlock[],
  access: BlockAccess,
  options: MergeOptions = {},
): AsyncGenerator<TraceRecord[]> {
  const { fromNs = Number.NEGATIVE_INFINITY, toNs = Number.POSITIVE_INFINITY } = options;
  const { maxBlocks = MAX_HELD_BLOCKS, maxBytes = MAX_HELD_BYTES } = options;
  const set = createCursorSet<OpenedBlock>(options.placed);
  const pending = plan.map(firstPending).reverse(); // The next one is the last.
  let batch: TraceRecord[] = [];

  const isOver = (blocks: number, bytes: number) => blocks > maxBlocks || bytes > maxBytes;
  const openNext = async () => {
    const next = pending.pop();
    const following = pending.at(-1);
    if (following) access.prepare?.(following.block);
    const cursor = next && (await access.open(next.block));
    if (!next || !cursor) return;
    // Opening takes a millisecond or two: others first, before its records are decoded.
    await nextTurn();
    while (cursor.current && (cursor.position < next.position || cursor.current.startNs < fromNs)) {
      access.advance(next.block, cursor);
    }
    cursor.lease?.giveBack(cursor.position);
    set.add({ cursor, rank: next.rank, block: next.block });
    while (set.size > 2 && isOver(set.size, set.rawBytes)) closeFarthest();
  };
  const closeFarthest = () => {
    const held = set.removeFarthest();
    const { current, position } = held?.cursor ?? {};
    if (!held || !current || position === undefined) return;
    held.cursor.lease?.giveBack(held.cursor.records - position);
    insert(pending, { block: held.block, rank: held.rank, nextStartNs: current.startNs, position });
  };
  const isDue = (next: Pending | undefined) => {
    if (!next || next.nextStartNs > set.nextStartNs) return false;
    const hasRoom = set.size < 2 || !isOver(set.size + 1, set.rawBytes + next.block.entry.rawBytes);
    return next.nextStartNs < set.nextStartNs || hasRoom;
  };
  const advance = ({ block, cursor }: OpenedBlock) => access.advance(block, cursor);
  try {
    for (;;) {
      while (isDue(pending.at(-1))) await openNext();
      if (set.nextStartNs >= toNs) break;
      const otherNs = pending.at(-1)?.nextStartNs ?? Number.POSITIVE_INFINITY;
      // Only a tie in a full house leaves a block closed that is due: then those inside go first.
      const beforeNs = Math.max(otherNs, set.nextStartNs + 1);
      set.takeRun(batch, Math.min(toNs, beforeNs), BATCH_RECORDS, advance);
      if (batch.length < BATCH_RECORDS) continue;
      yield batch;
      batch = [];
    }
  } catch (error) {
    // What came before the damage is whole, and goes first.
    if (batch.length > 0) yield batch;
    throw error;
  } finally {
    while (set.size > 0) closeFarthest();
  }
  if (batch.length > 0) yield batch;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function firstPending(block: NumberedBlock, rank: number): Pending {
  return { block, rank, nextStartNs: block.entry.firstStartNs, position: 0 };
}

function insert(pending: Pending[], again: Pending): void {
  let at = pending.length;
  while (at > 0 && (pending[at - 1]?.nextStartNs ?? 0) < again.nextStartNs) at--;
  pending.splice(at, 0, again);
}

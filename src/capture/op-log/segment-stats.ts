import { addLoss, emptyLoss, type Loss } from '../../trace/record/record.ts';

/** How many blocks were written, and how many were lost. */
export interface SegmentStats {
  segments: number;
  blocks: number;
  bytesWritten: number;
  /** Blocks the disk did not take. */
  blocksLost: number;
  /** Segments that were removed, moved, replaced or cut by somebody while they were written. */
  vanished: number;
  /** Records in them that are no longer in the log. */
  recordsVanished: number;
  /** Segments left without an index. */
  unindexed: number;
  removed: number;
  /** The losses with segments that vanished, as far as no other segment tells of them. */
  untold: Loss;
  /** All was closed in order: the last segment has its index, and no loss is untold. */
  isClosed: boolean;
  /** Where the losses stand that no segment could tell of; '' where there is no such file. */
  lossFile: string;
  /** The last thing that went wrong. */
  lastError: string;
}

export function emptySegmentStats(): SegmentStats {
  return {
    segments: 0,
    blocks: 0,
    bytesWritten: 0,
    blocksLost: 0,
    vanished: 0,
    recordsVanished: 0,
    unindexed: 0,
    removed: 0,
    untold: emptyLoss(),
    isClosed: false,
    lossFile: '',
    lastError: '',
  };
}

/** Adds up the counts of a writer and of the one that took its place; `after` takes over what is untold. */
export function addSegmentStats(before: SegmentStats, after: SegmentStats): SegmentStats {
  return {
    segments: before.segments + after.segments,
    blocks: before.blocks + after.blocks,
    bytesWritten: before.bytesWritten + after.bytesWritten,
    blocksLost: before.blocksLost + after.blocksLost,
    vanished: before.vanished + after.vanished,
    recordsVanished: before.recordsVanished + after.recordsVanished,
    unindexed: before.unindexed + after.unindexed,
    removed: before.removed + after.removed,
    untold: addLoss(addLoss(emptyLoss(), before.untold), after.untold),
    isClosed: after.isClosed,
    lossFile: after.lossFile || before.lossFile,
    lastError: after.lastError || before.lastError,
  };
}

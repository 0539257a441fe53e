import type { EncodedBlock } from '../../trace/block/block-builder.ts';
import type { Loss } from '../../trace/record/record.ts';
import type { SegmentStats } from './segment-stats.ts';

/** Takes the blocks that a recorder has finished. It never throws and never waits. */
export interface BlockStore {
  readonly stats: Readonly<SegmentStats>;
  /** How long the disk has not answered a call. */
  readonly silentMs: number;
  /** Takes the block over. Resolves once it is on its way to the disk for good: true, or false if it was lost. */
  put(block: EncodedBlock, nowNs: number): Promise<boolean>;
  /** Time goes on, though there may be no blocks. `untold`: losses that are in no block so far. */
  tick(nowNs: number, untold: Loss): void;
  /** Closes what is open; resolves also when that fails. */
  close(nowNs: number, untold: Loss): Promise<void>;
  /** Waits for the disk no longer: whatever waits is lost, and `close` resolves. */
  giveUp(): void;
}

import type { EncodedBlock } from '../trace/block-builder.ts';
import type { SegmentStats } from './segment-writer.ts';

/** Where finished blocks go. Never throws and never waits. */
export interface BlockStore {
  readonly stats: Readonly<SegmentStats>;
  /** Takes the block over. Resolves once it is on its way to the disk for good: true, or false if it was lost. */
  put(block: EncodedBlock, nowNs: number): Promise<boolean>;
  /** Time goes on, though there may be no blocks. */
  tick(nowNs: number): void;
  /** Closes what is open; resolves also when that fails. */
  close(nowNs: number): Promise<void>;
}

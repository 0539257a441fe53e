import type { BlockEntry } from '../stats/trace-index.ts';

/** A block that has to be read, and its number in the index. */
export interface NumberedBlock {
  entry: BlockEntry;
  number: number;
}

/** The blocks that may hold records from `fromNs` (inclusive) to `toNs` (exclusive), in the order they are needed. */
export function blocksBetween(
  blocks: readonly BlockEntry[],
  fromNs: number = Number.NEGATIVE_INFINITY,
  toNs: number = Number.POSITIVE_INFINITY,
): NumberedBlock[] {
  return blocks
    .map((entry, number) => ({ entry, number }))
    .filter(({ entry }) => entry.records > 0 && entry.lastStartNs >= fromNs && entry.firstStartNs < toNs)
    .sort((a, b) => a.entry.firstStartNs - b.entry.firstStartNs || a.entry.offset - b.entry.offset);
}

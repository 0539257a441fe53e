import { MAX_BLOCK_BYTES } from './block-builder.ts';
import { decodeIndex } from './index-codec.ts';
import { decodeIndexFrame } from './index-frame.ts';
import type { ReadAt } from './random-file.ts';
import { decodeSeekTable, SEEK_FOOTER_BYTES, type SeekEntry, seekTableBytes } from './seek-table.ts';
import type { BlockEntry, TraceIndex } from './trace-index.ts';

/** Either the index, or why there is none to be used. */
export type LoadedIndex = { index: TraceIndex } | { problem: string };

const MIN_RECORD_BYTES = 2;

/**
 * Reads the index of a closed file: footer, seek table, index frame; no block. Everything in it that can be checked
 * against the file's size, the seek table and itself is checked.
 */
export async function loadIndex(
  readAt: ReadAt,
  fileBytes: number,
  headerBytes: number,
): Promise<LoadedIndex> {
  const footer = await readAt(Math.max(0, fileBytes - SEEK_FOOTER_BYTES), SEEK_FOOTER_BYTES);
  const tableBytes = seekTableBytes(footer, fileBytes - headerBytes);
  if (tableBytes === undefined) return { problem: 'has no index: it was not closed, or its end is missing' };
  const frames = decodeSeekTable(await readAt(fileBytes - tableBytes, tableBytes));
  const indexBytes = frames?.at(-1)?.compressedBytes ?? 0;
  const indexAt = fileBytes - tableBytes - indexBytes;
  if (!frames || indexAt < headerBytes) return { problem: 'has a damaged seek table' };
  const message = decodeIndexFrame(await readAt(indexAt, indexBytes));
  if (!message) return { problem: 'has a damaged index or seek table' };
  try {
    const index = decodeIndex(message);
    const lie = findLie(index, frames, headerBytes, indexAt);
    return lie === undefined ? { index } : { problem: `has an index that can't be true (${lie})` };
  } catch (error) {
    return { problem: `has an unreadable index (${error instanceof Error ? error.message : String(error)})` };
  }
}

function findLie(
  { blocks, totals }: TraceIndex,
  frames: readonly SeekEntry[],
  headerBytes: number,
  indexAt: number,
): string | undefined {
  if (frames.length !== blocks.length + 2) return `${blocks.length} blocks, ${frames.length} frames`;
  const byOffset = [...blocks].sort((a, b) => a.offset - b.offset);
  let offset = frames[0]?.compressedBytes ?? 0;
  if (offset !== headerBytes) return 'the header has another size';
  for (const [i, entry] of byOffset.entries()) {
    const lie = entryLie(entry, frames[i + 1], offset);
    if (lie !== undefined) return `${lie}, at byte ${entry.offset}`;
    offset += entry.compressedBytes;
  }
  if (offset !== indexAt) return `the blocks end at byte ${offset}, the index starts at ${indexAt}`;
  const records = blocks.reduce((sum, entry) => sum + entry.records, 0);
  if (records !== totals.records) return `${records} records in the blocks, ${totals.records} in total`;
  if (blocks.some((entry) => entry.opCounts.length > totals.ops.length)) return 'more op counts than ops';
  return undefined;
}

function entryLie(entry: BlockEntry, frame: SeekEntry | undefined, offset: number): string | undefined {
  if (entry.offset !== offset) return `a block that should be at byte ${offset}`;
  if (entry.compressedBytes !== frame?.compressedBytes || entry.rawBytes !== frame.rawBytes) {
    return 'seek table and index differ';
  }
  if (entry.rawBytes > MAX_BLOCK_BYTES) return `a block of ${entry.rawBytes} bytes`;
  if (entry.records * MIN_RECORD_BYTES > entry.rawBytes)
    return `${entry.records} records in ${entry.rawBytes} bytes`;
  if (entry.firstStartNs > entry.lastStartNs) return 'a block that ends before it starts';
  if (entry.opCounts.reduce((sum, count) => sum + count, 0) !== entry.records)
    return 'op counts that do not add up';
  return undefined;
}

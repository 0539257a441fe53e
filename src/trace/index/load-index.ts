import { EngramTraceError } from '../../error.ts';
import type { ReadAt } from '../file/random-file.ts';
import { MAX_BLOCK_BYTES } from '../frames/block-limits.ts';
import { reasonOf } from '../frames/damage.ts';
import { decodeIndexFrame } from '../frames/index-frame.ts';
import {
  decodeSeekTable,
  SEEK_FOOTER_BYTES,
  type SeekEntry,
  type SeekSums,
  seekTableBytes,
  sumSeekTable,
} from '../frames/seek-table.ts';
import type { BlockEntry, Totals, TraceIndex } from '../stats/trace-index.ts';
import { decodeIndex, decodeTotals } from './index-decoder.ts';

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
  const found = await findIndex(readAt, fileBytes, headerBytes);
  return 'problem' in found ? found : checkedIndex(found, headerBytes);
}

function checkedIndex({ message, table, indexAt }: FoundIndex, headerBytes: number): LoadedIndex {
  try {
    const index = decodeIndex(message);
    const lie = findLie(index, decodeSeekTable(table) ?? [], headerBytes, indexAt);
    return lie === undefined ? { index } : untrue(lie);
  } catch (error) {
    return unreadable(error);
  }
}

/**
 * Reads only the totals, in the same time for any number of blocks; they are checked against the sums of the seek
 * table. Whoever looks at the blocks all the same gets them checked, and a `corrupt` error where they lie.
 */
export async function loadTotals(
  readAt: ReadAt,
  fileBytes: number,
  headerBytes: number,
  name: string,
): Promise<LoadedIndex> {
  const found = await findIndex(readAt, fileBytes, headerBytes);
  if ('problem' in found) return found;
  try {
    const totals = decodeTotals(found.message);
    const sums = sumSeekTable(found.table);
    const lie = findLieInSums(totals, sums, headerBytes, found.indexAt);
    return lie === undefined ? { index: lazyIndex(totals, found, headerBytes, name) } : untrue(lie);
  } catch (error) {
    return unreadable(error);
  }
}

interface FoundIndex {
  message: Uint8Array;
  /** The whole skippable frame of the seek table. */
  table: Uint8Array;
  indexAt: number;
}

async function findIndex(
  readAt: ReadAt,
  fileBytes: number,
  headerBytes: number,
): Promise<FoundIndex | { problem: string }> {
  const footer = await readAt(Math.max(0, fileBytes - SEEK_FOOTER_BYTES), SEEK_FOOTER_BYTES);
  const tableBytes = seekTableBytes(footer, fileBytes - headerBytes);
  if (tableBytes === undefined) return { problem: 'has no index: it was not closed, or its end is missing' };
  const table = await readAt(fileBytes - tableBytes, tableBytes);
  const indexBytes = sumSeekTable(table)?.lastBytes ?? 0;
  const indexAt = fileBytes - tableBytes - indexBytes;
  if (indexBytes === 0 || indexAt < headerBytes) return { problem: 'has a damaged seek table' };
  const message = decodeIndexFrame(await readAt(indexAt, indexBytes));
  return message ? { message, table, indexAt } : { problem: 'has a damaged index or seek table' };
}

function lazyIndex(totals: Totals, found: FoundIndex, headerBytes: number, name: string): TraceIndex {
  let whole: TraceIndex | undefined;
  const decode = () => {
    const loaded = checkedIndex(found, headerBytes);
    if ('index' in loaded) return loaded.index;
    const hint = 'Run `engram-trace repair` to write a new index.';
    throw new EngramTraceError('corrupt', `it ${loaded.problem}`, { where: name, hint });
  };
  return {
    totals,
    blockCount: (sumSeekTable(found.table)?.frames ?? 2) - 2,
    get blocks() {
      whole ??= decode();
      return whole.blocks;
    },
    get closedNs() {
      whole ??= decode();
      return whole.closedNs;
    },
  };
}

const untrue = (lie: string) => ({ problem: `has an index that can't be true (${lie})` });
const unreadable = (error: unknown) => ({ problem: `has an unreadable index (${reasonOf(error)})` });

function findLieInSums(
  totals: Totals,
  sums: SeekSums | undefined,
  headerBytes: number,
  indexAt: number,
): string | undefined {
  if (!sums || sums.frames < 2) return 'no frames';
  if (sums.firstBytes !== headerBytes) return 'the header has another size';
  const endOfBlocks = sums.compressedBytes - sums.lastBytes;
  if (endOfBlocks !== indexAt) return `the blocks end at byte ${endOfBlocks}, the index starts at ${indexAt}`;
  const rawBytes = sums.rawBytes - sums.firstRawBytes;
  if (rawBytes !== totals.rawBytes) return `${rawBytes} bytes in the blocks, ${totals.rawBytes} in total`;
  if (totals.records * MIN_RECORD_BYTES > rawBytes) return `${totals.records} records in ${rawBytes} bytes`;
  return undefined;
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

import { type BlockCursor, openBlock } from '../block/block-cursor.ts';
import type { ByteQueue } from '../bytes/byte-queue.ts';
import { type DamagedRange, reasonOf } from '../frames/damage.ts';
import { INDEX_MAGIC } from '../frames/index-frame.ts';
import { type FrameEvent, readFrames } from '../frames/read-frames.ts';
import { SEEK_TABLE_MAGIC } from '../frames/seek-table.ts';
import { createOpNumbers, type OpNumbers } from '../stats/op-numbers.ts';
import { createStatsBuilder } from '../stats/stats-builder.ts';
import { computeTotals } from '../stats/totals.ts';
import type { BlockEntry, TraceIndex } from '../stats/trace-index.ts';
import { startsTrace } from './read-header.ts';

/** What a walk over all frames of a trace file found. */
export interface ScanResult {
  /** In the order of the blocks' first starts. */
  index: TraceIndex;
  /** What the index's times count from: the header's epoch where it was known, else that of the first block. */
  epochUnixNs: bigint;
  damaged: DamagedRange[];
  /** Bytes of a last frame that is not whole. */
  cutBytes: number;
  /** There was an index frame (whole or not: it is not looked at). */
  hadIndex: boolean;
  /** Bytes behind the seek table that are no part of the file. */
  trailingBytes: number;
}

/**
 * Rebuilds the index from the blocks, decoding every record once. `queue` is at the first frame behind the header;
 * `epochUnixNs` is the header's epoch, undefined where the header is lost.
 */
export async function scanTrace(queue: ByteQueue, epochUnixNs?: bigint): Promise<ScanResult> {
  const found: Found = { ...nothingFound(), epochUnixNs };
  for await (const event of readFrames(queue)) take(found, event);
  found.entries.sort((a, b) => a.firstStartNs - b.firstStartNs || a.offset - b.offset);
  const totals = computeTotals(found.entries, found.ops.names, found.epochUnixNs ?? 0n);
  return {
    index: { totals, blocks: found.entries, closedNs: found.closedNs },
    epochUnixNs: found.epochUnixNs ?? 0n,
    damaged: found.damaged,
    cutBytes: found.cutBytes,
    hadIndex: found.hadIndex,
    trailingBytes: Math.max(0, found.trailing),
  };
}

interface Found {
  epochUnixNs: bigint | undefined;
  entries: BlockEntry[];
  ops: OpNumbers;
  damaged: DamagedRange[];
  cutBytes: number;
  closedNs: number;
  hadIndex: boolean;
  /** Bytes behind the end, which is the seek table or where another trace starts; -1 in front of it. */
  trailing: number;
}

const nothingFound = () => ({
  entries: [],
  ops: createOpNumbers(),
  damaged: [],
  cutBytes: 0,
  closedNs: 0,
  hadIndex: false,
  trailing: -1,
});

function take(found: Found, event: FrameEvent): void {
  if (found.trailing >= 0) takeTrailing(found, event);
  else if (event.kind === 'data') takeBlock(found, event);
  else if (event.kind === 'cut') found.cutBytes = event.sizeBytes;
  else if (event.kind === 'skippable') {
    if (event.magic === INDEX_MAGIC) found.hadIndex = true;
    if (event.magic === SEEK_TABLE_MAGIC) found.trailing = 0;
  } else if (found.hadIndex) {
    found.trailing = event.sizeBytes; // Behind the index only the seek table can be damaged.
  } else addDamage(found, event);
}

/** A file may be made of broken frames of a few bytes. */
const MOST_DAMAGED = 10_000;

/** Beyond so many ranges the last one reaches as far as the damage does. */
function addDamage({ damaged }: Found, range: DamagedRange): void {
  const last = damaged.at(-1);
  if (last === undefined || damaged.length < MOST_DAMAGED) damaged.push(range);
  else last.sizeBytes = range.offset + range.sizeBytes - last.offset;
}

function takeTrailing(found: Found, event: FrameEvent): void {
  if (event.kind === 'data') {
    addDamage(found, joined(event));
  } else found.trailing += event.sizeBytes;
}

function takeBlock(found: Found, event: FrameEvent & { kind: 'data' }): void {
  try {
    if (startsTrace(event.raw, found.epochUnixNs)) {
      found.trailing = 0;
      addDamage(found, joined(event));
      return;
    }
    const cursor = openBlock(event.raw, found.epochUnixNs);
    const epochUnixNs = found.epochUnixNs ?? cursor.epochUnixNs;
    found.entries.push(describeBlock(cursor, event, epochUnixNs, found.ops));
    found.epochUnixNs = epochUnixNs;
    found.closedNs = Math.max(found.closedNs, cursor.closedNs);
  } catch (error) {
    addDamage(found, { offset: event.offset, sizeBytes: event.sizeBytes, reason: reasonOf(error) });
  }
}

function joined({ offset, sizeBytes }: FrameEvent): DamagedRange {
  return { offset, sizeBytes, reason: 'another trace starts here', isJoined: true };
}

/** The index entry of a block, made from its records. */
function describeBlock(
  cursor: BlockCursor,
  frame: { offset: number; sizeBytes: number; raw: Uint8Array },
  epochUnixNs: bigint,
  ops: OpNumbers,
): BlockEntry {
  const stats = createStatsBuilder(epochUnixNs);
  const starts: number[] = [];
  for (let record = cursor.current; record; record = cursor.current) {
    stats.add(record);
    starts.push(record.startNs);
    cursor.advance();
  }
  const firstStartNs = starts[0] ?? cursor.firstStartNs;
  return {
    offset: frame.offset,
    compressedBytes: frame.sizeBytes,
    rawBytes: frame.raw.length,
    records: starts.length,
    firstStartNs,
    lastStartNs: starts.at(-1) ?? firstStartNs,
    loss: cursor.loss,
    opCounts: ops.countsOf(stats.opCounts),
    stats: stats.close(starts),
  };
}

import { createBlockBuilder, type EncodedBlock } from '../trace/block/block-builder.ts';
import type { TraceRecord } from '../trace/record/record.ts';
import { createOpNumbers, type OpNumbers } from '../trace/stats/op-numbers.ts';
import { computeTotals } from '../trace/stats/totals.ts';
import type { BlockEntry, Totals } from '../trace/stats/trace-index.ts';

const MAX_BLOCK_BYTES = 1024 * 1024;
const MAX_BLOCK_RECORDS = 16_384;

/** Sessions told apart one by one; with more than these the number is the estimate of the sketch. */
export const MAX_EXACT_SESSIONS = 100_000;

export interface CountedTotals extends Totals {
  /** Exact; undefined where there are more than MAX_EXACT_SESSIONS. */
  sessions: number | undefined;
}

/**
 * The totals of records that have no index, by the same statistics that an index is made of: blocks are built and
 * thrown away, and what they would say in an index is added up.
 */
export async function countRecords(
  records: AsyncIterable<TraceRecord[]>,
  epochUnixNs: bigint,
): Promise<CountedTotals> {
  const builder = createBlockBuilder(epochUnixNs);
  const entries: BlockEntry[] = [];
  const ops = createOpNumbers();
  const sessions = new Set<string>();
  const close = () => entries.push(entryOf(builder.close(builder.lastStartNs), ops));
  for await (const batch of records) {
    for (const record of batch) {
      builder.add(record);
      if (sessions.size <= MAX_EXACT_SESSIONS) sessions.add(record.session);
      if (builder.sizeBytes >= MAX_BLOCK_BYTES || builder.records >= MAX_BLOCK_RECORDS) close();
    }
  }
  if (!builder.isEmpty) close();
  const totals = computeTotals(entries, ops.names, epochUnixNs);
  return { ...totals, sessions: sessions.size <= MAX_EXACT_SESSIONS ? sessions.size : undefined };
}

function entryOf(block: EncodedBlock, ops: OpNumbers): BlockEntry {
  return {
    offset: 0,
    compressedBytes: 0,
    rawBytes: block.raw.length,
    records: block.records,
    firstStartNs: block.firstStartNs,
    lastStartNs: block.lastStartNs,
    loss: block.loss,
    opCounts: ops.countsOf(block.opCounts),
    stats: block.stats,
  };
}

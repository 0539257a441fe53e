import {
  Index,
  type BlockEntry as WireEntry,
  type Totals as WireTotals,
} from '../../gen/engram/trace/v1/trace.ts';
import { lossToWire } from '../block/header-encoder.ts';
import { hasLoss } from '../record/record.ts';
import { blockStatsToWire } from '../stats/block-stats-encoder.ts';
import type { BlockEntry, Totals, TraceIndex } from '../stats/trace-index.ts';

/** Encodes an Index message. */
export function encodeIndex(index: TraceIndex): Uint8Array {
  return Index.encode({
    totals: totalsToWire(index.totals),
    blocks: index.blocks.map(entryToWire),
    closedNs: BigInt(index.closedNs),
  }).finish();
}

function entryToWire(entry: BlockEntry): WireEntry {
  return {
    offset: BigInt(entry.offset),
    compressedSize: entry.compressedBytes,
    rawSize: entry.rawBytes,
    records: entry.records,
    firstStartNs: BigInt(entry.firstStartNs),
    lastStartNs: BigInt(entry.lastStartNs),
    loss: hasLoss(entry.loss) ? lossToWire(entry.loss) : undefined,
    opCounts: entry.opCounts,
    stats: entry.stats,
  };
}

function totalsToWire(totals: Totals): WireTotals {
  return {
    records: BigInt(totals.records),
    rawBytes: BigInt(totals.rawBytes),
    firstStartNs: BigInt(totals.firstStartNs),
    lastStartNs: BigInt(totals.lastStartNs),
    loss: lossToWire(totals.loss),
    ops: totals.ops,
    stats: blockStatsToWire(totals.stats, []),
    dispersion10ms: totals.dispersion10Ms,
    dispersion100ms: totals.dispersion100Ms,
    timelineStepNs: BigInt(totals.timelineStepNs),
    timeline: totals.timeline.map(BigInt),
  };
}

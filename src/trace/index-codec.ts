import {
  Index,
  type BlockEntry as WireEntry,
  type Totals as WireTotals,
} from '../gen/engram/trace/v1/trace.ts';
import { blockStatsFromWire, blockStatsToWire, createBlockStats } from './block-stats.ts';
import { lossFromWire, lossToWire, toSafe } from './header-codec.ts';
import { hasLoss } from './record.ts';
import type { BlockEntry, Totals, TraceIndex } from './trace-index.ts';

/** Encodes an Index message. */
export function encodeIndex(index: TraceIndex): Uint8Array {
  return Index.encode({
    totals: totalsToWire(index.totals),
    blocks: index.blocks.map(entryToWire),
    closedNs: BigInt(index.closedNs),
  }).finish();
}

/** Decodes an Index message; throws what the generated decoder throws. */
export function decodeIndex(bytes: Uint8Array): TraceIndex {
  const wire = Index.decode(bytes);
  return {
    totals: totalsFromWire(wire.totals),
    blocks: wire.blocks.map(entryFromWire),
    closedNs: toSafe(wire.closedNs),
  };
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

function entryFromWire(wire: WireEntry): BlockEntry {
  return {
    offset: toSafe(wire.offset),
    compressedBytes: wire.compressedSize,
    rawBytes: wire.rawSize,
    records: wire.records,
    firstStartNs: toSafe(wire.firstStartNs),
    lastStartNs: toSafe(wire.lastStartNs),
    loss: lossFromWire(wire.loss),
    opCounts: wire.opCounts,
    stats: wire.stats,
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

function totalsFromWire(wire: WireTotals | undefined): Totals {
  if (!wire) throw new RangeError('an index without totals');
  return {
    records: toSafe(wire.records),
    rawBytes: toSafe(wire.rawBytes),
    firstStartNs: toSafe(wire.firstStartNs),
    lastStartNs: toSafe(wire.lastStartNs),
    loss: lossFromWire(wire.loss),
    ops: wire.ops,
    stats: wire.stats ? blockStatsFromWire(wire.stats) : createBlockStats(),
    dispersion10Ms: wire.dispersion10ms,
    dispersion100Ms: wire.dispersion100ms,
    timelineStepNs: toSafe(wire.timelineStepNs),
    timeline: wire.timeline.map(toSafe),
  };
}

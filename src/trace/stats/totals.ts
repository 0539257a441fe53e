import { addLoss, emptyLoss } from '../record/record.ts';
import { ARRIVAL_BIN_NS, createBinOf, createBlockStats, mergeBlockStats } from './block-stats.ts';
import { decodeBlockStats } from './block-stats-decoder.ts';
import { addValue } from './distribution.ts';
import type { BlockEntry, Totals } from './trace-index.ts';

const MAX_TIMELINE = 2000;
const WIDE = 10;

/** Adds up the entries of all blocks. `ops` are the names of their op counts, `epochUnixNs` is the header's. */
export function computeTotals(entries: readonly BlockEntry[], ops: string[], epochUnixNs: bigint): Totals {
  const totals = emptyTotals(ops);
  for (const entry of entries) {
    totals.records += entry.records;
    totals.rawBytes += entry.rawBytes;
    addLoss(totals.loss, entry.loss);
  }
  // Of blocks that begin at one time the one that ends first goes first: then the others follow it, not overlap it.
  const filled = entries
    .filter((entry) => entry.records > 0)
    .sort((a, b) => a.firstStartNs - b.firstStartNs || a.lastStartNs - b.lastStartNs);
  const first = filled[0];
  if (!first) return totals;
  totals.firstStartNs = first.firstStartNs;
  totals.lastStartNs = filled.reduce((last, entry) => Math.max(last, entry.lastStartNs), first.lastStartNs);
  const binOf = createBinOf(epochUnixNs);
  const firstBin = binOf(totals.firstStartNs);
  const bins = binOf(totals.lastStartNs) - firstBin + 1;
  const stepBins = Math.ceil(bins / MAX_TIMELINE);
  totals.timelineStepNs = stepBins * ARRIVAL_BIN_NS;
  totals.timeline = new Array<number>(Math.ceil(bins / stepBins)).fill(0);
  const narrow = createDispersion();
  const wide = createDispersion();
  const count = (bin: number, arrivals: number) => {
    const step = Math.min(totals.timeline.length - 1, Math.max(0, Math.floor((bin - firstBin) / stepBins)));
    totals.timeline[step] = (totals.timeline[step] ?? 0) + arrivals;
    narrow.add(bin, arrivals);
    wide.add(Math.floor(bin / WIDE), arrivals);
  };
  addInOrder(filled, totals, count);
  totals.dispersion10Ms = narrow.result();
  totals.dispersion100Ms = wide.result();
  return totals;
}

/**
 * Blocks may overlap in time, and a day has 8,640,000 bins. So bins are counted as soon as no later block can
 * add to them: those in front of the first bin of the block in turn. A block knows the gaps between its own starts
 * only: the one in front of it, often the longest, is between its first start and the latest start so far. A block
 * that begins before that start overlaps, and there is no such gap.
 */
function addInOrder(
  filled: readonly BlockEntry[],
  totals: Totals,
  count: (bin: number, arrivals: number) => void,
): void {
  const open = new Map<number, number>();
  const countBefore = (limit: number) => {
    const done = [...open].filter(([bin]) => bin < limit).sort((a, b) => a[0] - b[0]);
    for (const [bin, arrivals] of done) {
      count(bin, arrivals);
      open.delete(bin);
    }
  };
  let latestNs: number | undefined;
  for (const entry of filled) {
    const { stats, arrivals } = decodeBlockStats(entry.stats);
    mergeBlockStats(totals.stats, stats);
    if (latestNs !== undefined && entry.firstStartNs >= latestNs)
      addValue(totals.stats.gaps, entry.firstStartNs - latestNs);
    latestNs = Math.max(latestNs ?? entry.lastStartNs, entry.lastStartNs);
    countBefore(arrivals[0]?.[0] ?? Number.NEGATIVE_INFINITY);
    for (const [bin, more] of arrivals) open.set(bin, (open.get(bin) ?? 0) + more);
  }
  countBefore(Number.POSITIVE_INFINITY);
}

/** Variance over mean of the counts in all windows from the first to the last, empty ones included. */
function createDispersion() {
  let first: number | undefined;
  let last = 0;
  let sum = 0;
  let sumOfSquares = 0;
  let inLast = 0;
  const close = () => {
    sum += inLast;
    sumOfSquares += inLast * inLast;
    inLast = 0;
  };
  return {
    /** Windows come in ascending order, the same one possibly several times. */
    add(window: number, arrivals: number) {
      first ??= window;
      if (window !== last) close();
      last = window;
      inLast += arrivals;
    },
    result(): number {
      close();
      if (first === undefined || sum === 0) return 0;
      const windows = last - first + 1;
      const mean = sum / windows;
      return (sumOfSquares / windows - mean * mean) / mean;
    },
  };
}

function emptyTotals(ops: string[]): Totals {
  return {
    records: 0,
    rawBytes: 0,
    firstStartNs: 0,
    lastStartNs: 0,
    loss: emptyLoss(),
    ops,
    stats: createBlockStats(),
    dispersion10Ms: 0,
    dispersion100Ms: 0,
    timelineStepNs: 0,
    timeline: [],
  };
}

import { emptyLoss, hasLoss, type Loss } from '../../trace/record/record.ts';
import type { BlockEntry } from '../../trace/stats/trace-index.ts';
import type { OpLog } from '../op-log/op-log.ts';
import type { Segment } from '../op-log/op-log-segment.ts';
import type { Hole } from '../op-log/survey-runs.ts';
import { later } from '../unix-span.ts';
import { mayReach, type WindowBounds } from './export-window.ts';

/** What is known to be missing from a window, besides what its blocks tell themselves. */
export interface OpLogLedger {
  readonly losses: readonly Loss[];
  /** Sentences on what nobody can count. */
  readonly unknown: readonly string[];
}

/**
 * Gathers all that an op log knows to be missing from a window: the losses that its headers, its blocks (but for those
 * of `used`, which carry theirs along) and its runs tell, and the holes in its runs.
 */
export async function gatherLedger(
  log: OpLog,
  bounds: WindowBounds,
  holes: readonly Hole[],
  used: ReadonlySet<BlockEntry>,
): Promise<OpLogLedger> {
  const reached = holes.filter((hole) => mayReach(bounds, hole.reachUnixNs, hole.endUnixNs));
  const untold = log.untold.filter(({ startUnixNs, endUnixNs }) => mayReach(bounds, startUnixNs, endUnixNs));
  return {
    losses: [
      ...(await toldBySegments(log, bounds, used)),
      ...untold.map(({ loss }) => loss),
      ...reached.map(({ segments }) => ({ ...emptyLoss(), segmentsIncomplete: segments })),
    ],
    unknown: reached.map(({ reason }) => reason),
  };
}

/** Losses are told after they happened: with the next block, or where the disk took none, in the next header. */
async function toldBySegments(
  log: OpLog,
  bounds: WindowBounds,
  used: ReadonlySet<BlockEntry>,
): Promise<Loss[]> {
  const losses: Loss[] = [];
  const latestOfRun = new Map<string, bigint>();
  for (const segment of log.segments) {
    const { header, runId } = segment;
    const before = latestOfRun.get(runId);
    const isCaptured = header.source === 'capture';
    const toldUnixNs = isCaptured ? segment.startUnixNs : segment.endUnixNs;
    const since = isCaptured ? (before ?? lastBefore(segment, log.segments)) : segment.startUnixNs;
    if (hasLoss(header.loss) && mayReach(bounds, since, toldUnixNs)) losses.push(header.loss);
    for (const { entry, sinceUnixNs } of segment.tellings) {
      if (used.has(entry)) continue;
      const sinceBefore = laterOf(before, sinceUnixNs) ?? segment.startUnixNs;
      if (mayReach(bounds, sinceBefore, await toldAt(segment, entry, bounds))) losses.push(entry.loss);
    }
    const lastUnixNs = segment.recorded?.endUnixNs;
    const latest = laterOf(before, lastUnixNs);
    if (latest !== undefined && runId !== '') latestOfRun.set(runId, latest);
  }
  return losses;
}

/** The last record of the segments that ended before this one began: what runs beside it recorded says nothing of it. */
function lastBefore({ startUnixNs }: Segment, segments: readonly Segment[]): bigint | undefined {
  return segments
    .filter(({ endUnixNs }) => endUnixNs <= startUnixNs)
    .reduce<bigint | undefined>((last, { recorded }) => laterOf(last, recorded?.endUnixNs), undefined);
}

function laterOf(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  return a === undefined || b === undefined ? (a ?? b) : later(a, b);
}

/** When a block was closed, or an earlier time that lies in the window too. */
async function toldAt(segment: Segment, entry: BlockEntry, { fromUnixNs }: WindowBounds): Promise<bigint> {
  const { file, header, endUnixNs } = segment;
  const at = (ns: number) => header.epochUnixNs + BigInt(ns);
  const lastUnixNs = at(entry.lastStartNs);
  if (entry.records === 0 || fromUnixNs === undefined || lastUnixNs >= fromUnixNs) return lastUnixNs;
  const block = await file?.openBlock(entry).catch(() => undefined); // damaged: no later than the file's end
  return block === undefined ? endUnixNs : at(block.closedNs);
}

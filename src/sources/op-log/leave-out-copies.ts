import type { BlockEntry } from '../../trace/stats/trace-index.ts';
import type { Segment } from './op-log-segment.ts';

/** A segment that lies in the folder twice. */
export interface SegmentCopy {
  readonly name: string;
  /** The one that is used. */
  readonly of: string;
}

/**
 * Leaves out the copies of a segment (a backup in the same folder, taken perhaps while capture was writing): their
 * records would be replayed twice. The one that has most is used, under the number that any of them has.
 */
export function leaveOutCopies(segments: readonly Segment[]): {
  used: readonly Segment[];
  copies: readonly SegmentCopy[];
} {
  const groups = new Map<string, Segment[]>();
  for (const segment of segments) {
    const key = segment.identity ?? `no copy ${segment.name}`;
    groups.set(key, [...(groups.get(key) ?? []), segment]);
  }
  const used: Segment[] = [];
  const copies: SegmentCopy[] = [];
  for (const group of groups.values()) {
    const best = group.reduce((a, b) => (isBetter(b, a) ? b : a));
    const number = best.number ?? group.find((segment) => segment.number !== undefined)?.number;
    used.push(best.number === number ? best : { ...best, number });
    for (const { name } of group) if (name !== best.name) copies.push({ name, of: best.name });
  }
  return { used, copies };
}

function isBetter(one: Segment, other: Segment): boolean {
  if (one.records !== other.records) return one.records > other.records;
  if (one.isClosed !== other.isClosed) return one.isClosed;
  return one.number !== undefined && other.number === undefined;
}

/**
 * What copies of one segment have in common, and two segments never: run and time of opening, and the first block as it
 * was compressed. Undefined where there is no block, or where capture did not write it.
 */
export function identityOf(
  { source, runId, epochUnixNs, openedNs }: Segment['header'],
  blocks: readonly BlockEntry[],
): string | undefined {
  const [any] = blocks;
  if (source !== 'capture' || runId === '' || any === undefined) return undefined;
  const first = blocks.reduce((a, b) => (b.offset < a.offset ? b : a), any);
  const { offset, compressedBytes, records, firstStartNs, lastStartNs } = first;
  return [runId, epochUnixNs, openedNs, offset, compressedBytes, records, firstStartNs, lastStartNs].join();
}

import { compareTimes, earlier, later, type UnixSpan } from '../unix-span.ts';
import type { Hole, Survey } from './survey-runs.ts';

export interface UnixGap extends UnixSpan {
  readonly reason: string;
}

/** The times inside `window` for which no run of capture was recording, or what it recorded is missing. */
export function findGaps({ covered, holes }: Survey, window: UnixSpan): UnixGap[] {
  const gaps: UnixGap[] = [];
  let coveredUnixNs = window.startUnixNs;
  let reason = 'before the log begins';
  const add = (endUnixNs: bigint, otherwise: string) => {
    const gap = clip({ startUnixNs: coveredUnixNs, endUnixNs, reason: otherwise }, window);
    if (gap.endUnixNs <= gap.startUnixNs) return;
    gaps.push({ ...gap, reason: holeIn(holes, gap)?.reason ?? otherwise });
  };
  for (const span of [...covered].sort((a, b) => compareTimes(a.startUnixNs, b.startUnixNs))) {
    add(span.startUnixNs, reason);
    coveredUnixNs = later(coveredUnixNs, span.endUnixNs);
    reason = 'capture was not running';
  }
  add(window.endUnixNs, 'after the end of the log');
  return gaps;
}

/** Finds the hole that explains a gap, if there is one. */
function holeIn(holes: readonly Hole[], gap: UnixSpan): Hole | undefined {
  return holes.find(
    ({ startUnixNs, endUnixNs }) =>
      endUnixNs !== undefined && startUnixNs < gap.endUnixNs && endUnixNs > gap.startUnixNs,
  );
}

function clip(gap: UnixGap, window: UnixSpan): UnixGap {
  return {
    startUnixNs: later(gap.startUnixNs, window.startUnixNs),
    endUnixNs: earlier(gap.endUnixNs, window.endUnixNs),
    reason: gap.reason,
  };
}

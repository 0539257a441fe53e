import { compareTimes, earlier, later, type UnixSpan } from './unix-span.ts';

export interface UnixGap extends UnixSpan {
  readonly reason: string;
}

/** One file of an op log and the time during which it was being recorded into. */
export interface SegmentSpan extends UnixSpan {
  /** File name. */
  readonly name: string;
  /** The run of capture that wrote it. */
  readonly runId: string;
}

/**
 * The times inside `window` for which no run of capture was recording. The segments of one run count as one stretch,
 * unless the numbers in their names tell that one between them is missing.
 */
export function findGaps(segments: readonly SegmentSpan[], window: UnixSpan): UnixGap[] {
  const stretches = joinSegments([...segments].sort(byStart));
  const gaps: UnixGap[] = [];
  let coveredUnixNs = window.startUnixNs;
  let reason = 'before the log begins';
  for (const stretch of stretches) {
    if (stretch.startUnixNs > coveredUnixNs) {
      gaps.push({
        startUnixNs: coveredUnixNs,
        endUnixNs: stretch.startUnixNs,
        reason: stretch.reason ?? reason,
      });
    }
    coveredUnixNs = later(coveredUnixNs, stretch.endUnixNs);
    reason = 'capture was not running';
  }
  const afterEnd = 'after the end of the log';
  gaps.push({ startUnixNs: coveredUnixNs, endUnixNs: window.endUnixNs, reason: afterEnd });
  return gaps.map((gap) => clip(gap, window)).filter((gap) => gap.endUnixNs > gap.startUnixNs);
}

interface Stretch extends UnixSpan {
  /** Why there may be a gap before it, where that is known. */
  readonly reason?: string;
}

function joinSegments(segments: readonly SegmentSpan[]): Stretch[] {
  const stretches: Stretch[] = [];
  const lastOfRun = new Map<string, SegmentSpan>();
  for (const segment of segments) {
    const before = segment.runId === '' ? undefined : lastOfRun.get(segment.runId);
    lastOfRun.set(segment.runId, segment);
    if (before === undefined) stretches.push(segment);
    else if (isNext(before, segment))
      stretches.push({ startUnixNs: before.endUnixNs, endUnixNs: segment.endUnixNs });
    else stretches.push({ ...segment, reason: 'a segment of the log is missing or unreadable' });
  }
  return stretches.sort(byStart);
}

/** Rotation leaves no gap: only a number that is left out in the names (`…-7.trace.zst`) does. */
function isNext(before: SegmentSpan, segment: SegmentSpan): boolean {
  const [first, second] = [before, segment].map(({ name }) => /-(\d+)\.trace\.zst$/.exec(name)?.[1]);
  return first === undefined || second === undefined || Number(second) - Number(first) <= 1;
}

function clip(gap: UnixGap, window: UnixSpan): UnixGap {
  return {
    startUnixNs: later(gap.startUnixNs, window.startUnixNs),
    endUnixNs: earlier(gap.endUnixNs, window.endUnixNs),
    reason: gap.reason,
  };
}

function byStart(a: UnixSpan, b: UnixSpan): number {
  return compareTimes(a.startUnixNs, b.startUnixNs);
}

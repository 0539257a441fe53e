import { isoTime } from '../../iso-time.ts';
import { compareTimes, later, type UnixSpan } from '../unix-span.ts';
import { missingBefore, missingBetween } from './segment-number.ts';

/** One file of an op log and the time during which it was being recorded into, as far as the file tells. */
export interface SegmentSpan extends UnixSpan {
  /** File name. */
  readonly name: string;
  /** The run of capture that wrote it; '' where it is none of capture's. */
  readonly runId: string;
  /** Its number in the run, where its name tells. */
  readonly number: number | undefined;
  /** Its end is there. */
  readonly isClosed: boolean;
  /** False: nothing of it can be read but its name. */
  readonly isReadable: boolean;
}

/** Proof from elsewhere of how long a run went on. */
export interface RunAlive {
  readonly runId: string;
  /** The time from which on what it lacks may have started, where it ended. */
  readonly sinceUnixNs: bigint;
  readonly untilUnixNs: bigint;
  /** Whether the run ended at that time, in order or not. */
  readonly isEnded: boolean;
}

/** A place where an op log lacks records and nobody knows how many. */
export interface Hole {
  /** The time from which on what is missing may have started. */
  readonly reachUnixNs: bigint;
  /** Where the records before the hole end. */
  readonly startUnixNs: bigint;
  /** Undefined: nobody knows how far it goes. */
  readonly endUnixNs: bigint | undefined;
  /** Segments that are missing or lack their end. */
  readonly segments: number;
  /** A sentence. */
  readonly reason: string;
}

export interface Survey {
  /** Spans in which a run was recording; they overlap and touch. */
  readonly covered: readonly UnixSpan[];
  readonly holes: readonly Hole[];
}

/** A record reaches the disk at most this long after it started, unless it took longer than 2 s itself. */
const WRITE_DELAY_NS = 3_000_000_000n;

/**
 * Follows each run from segment to segment. Rotation leaves no hole; an end that is missing does, and so does a number
 * that is left out, unless retention explains it: that takes the oldest of the folder first.
 */
export function surveyRuns(segments: readonly SegmentSpan[], alive: readonly RunAlive[] = []): Survey {
  const covered: UnixSpan[] = segments.filter(({ isReadable }) => isReadable);
  const holes: Hole[] = [];
  for (const run of runsOf(segments)) {
    const [first] = run;
    const last = run.at(-1);
    if (first === undefined || last === undefined) continue;
    holes.push(...holeInFront(first, segments));
    for (const stretch of stretchesOf(run)) {
      const lacking = missingIn(stretch);
      for (const [i, after] of stretch.entries()) {
        const before = stretch[i - 1];
        if (before === undefined) continue;
        const between = [...holeAtEnd(before, after), ...lacking];
        if (between.length === 0)
          covered.push({ startUnixNs: before.endUnixNs, endUnixNs: after.startUnixNs });
        holes.push(...holeAtEnd(before, after));
      }
      holes.push(...lacking);
    }
    const proof = alive.find(({ runId }) => runId !== '' && runId === last.runId);
    if (proof !== undefined) covered.push({ startUnixNs: last.endUnixNs, endUnixNs: proof.untilUnixNs });
    holes.push(...holeBehind(last, proof));
  }
  for (const proof of alive) {
    if (proof.isEnded || proof.runId === '') continue;
    if (!segments.some(({ runId }) => runId === proof.runId)) holes.push(holeOfRun(proof));
  }
  return { covered, holes };
}

/** A run that left no segment, and no word of its end. */
function holeOfRun({ runId, untilUnixNs }: RunAlive): Hole {
  const reason = `run ${runId} of capture left no segment and was not closed (capture was killed or is still running): what came after ${isoTime(untilUnixNs)} is not known`;
  const reachUnixNs = untilUnixNs - WRITE_DELAY_NS;
  return { reachUnixNs, startUnixNs: untilUnixNs, endUnixNs: undefined, segments: 1, reason };
}

function runsOf(segments: readonly SegmentSpan[]): SegmentSpan[][] {
  const runs = new Map<string, SegmentSpan[]>();
  const inOrder = [...segments].sort(
    (a, b) => compareTimes(a.startUnixNs, b.startUnixNs) || (a.number ?? 0) - (b.number ?? 0),
  );
  for (const [i, segment] of inOrder.entries()) {
    const key = segment.runId === '' ? `file ${i}` : `run ${segment.runId}`;
    runs.set(key, [...(runs.get(key) ?? []), segment]);
  }
  return [...runs.values()];
}

function holeInFront(first: SegmentSpan, segments: readonly SegmentSpan[]): Hole[] {
  const missing = first.number === undefined ? 0 : missingBefore(first.number);
  const older = segments.filter(({ endUnixNs }) => endUnixNs < first.startUnixNs);
  if (missing === 0 || older.length === 0) return [];
  const startUnixNs = older.map(({ endUnixNs }) => endUnixNs).reduce(later);
  const reason = `${countOf(missing)} missing before ${first.name}, though older ones are there`;
  const endUnixNs = first.startUnixNs;
  return [{ reachUnixNs: startUnixNs, startUnixNs, endUnixNs, segments: missing, reason }];
}

/** The segments of a run from one whose number is known to the next: one that was renamed tells none. */
function stretchesOf(run: readonly SegmentSpan[]): SegmentSpan[][] {
  const stretches: SegmentSpan[][] = [];
  let stretch: SegmentSpan[] = [];
  for (const segment of run) {
    stretch.push(segment);
    if (segment.number === undefined) continue;
    stretches.push(stretch);
    stretch = [segment];
  }
  return [...stretches, stretch];
}

function missingIn(stretch: readonly SegmentSpan[]): Hole[] {
  const [before] = stretch;
  const after = stretch.at(-1);
  if (before?.number === undefined || after?.number === undefined || before === after) return [];
  const renamed = stretch.length - 2;
  const missing = missingBetween(before.number, before.isClosed, after.number) - renamed;
  if (missing <= 0) return [];
  return [
    holeBetween(
      before,
      after,
      missing,
      `${countOf(missing)} missing between ${before.name} and ${after.name}`,
    ),
  ];
}

function holeAtEnd(before: SegmentSpan, after: SegmentSpan): Hole[] {
  if (!before.isReadable) return [holeBetween(before, after, 1, `segment ${before.name} can't be read`)];
  if (before.isClosed) return [];
  const reason = `segment ${before.name} is cut off after ${isoTime(before.endUnixNs)}`;
  return [holeBetween(before, after, 1, reason)];
}

function holeBetween(before: SegmentSpan, after: SegmentSpan, segments: number, reason: string): Hole {
  const { startUnixNs: reachUnixNs, endUnixNs: startUnixNs } = before;
  return { reachUnixNs, startUnixNs, endUnixNs: later(startUnixNs, after.startUnixNs), segments, reason };
}

function holeBehind(last: SegmentSpan, proof: RunAlive | undefined): Hole[] {
  if (!last.isReadable) {
    const { startUnixNs } = last;
    const reason = `segment ${last.name} can't be read`;
    return [{ reachUnixNs: startUnixNs, startUnixNs, endUnixNs: undefined, segments: 1, reason }];
  }
  if (proof?.isEnded === true ? last.isClosed : last.isClosed && proof === undefined) return [];
  if (proof?.isEnded === true) return [holeBeforeEnd(last, proof)];
  const startUnixNs = later(last.endUnixNs, proof?.untilUnixNs ?? last.endUnixNs);
  const reason = `segment ${last.name} was not closed (capture was killed or is still running, or its end is missing): what came after ${isoTime(startUnixNs)} is not known`;
  const reachUnixNs = later(last.startUnixNs, startUnixNs - WRITE_DELAY_NS);
  return [{ reachUnixNs, startUnixNs, endUnixNs: undefined, segments: 1, reason }];
}

/** The last segment of a run whose end is known, though it could not be closed. */
function holeBeforeEnd(last: SegmentSpan, { sinceUnixNs, untilUnixNs }: RunAlive): Hole {
  const endUnixNs = later(last.endUnixNs, untilUnixNs);
  const reachUnixNs = later(last.startUnixNs, sinceUnixNs - WRITE_DELAY_NS);
  const reason = `segment ${last.name} was not closed: what came after ${isoTime(last.endUnixNs)} is not known, until its run ended at ${isoTime(endUnixNs)}`;
  return { reachUnixNs, startUnixNs: last.endUnixNs, endUnixNs, segments: 1, reason };
}

function countOf(segments: number): string {
  return segments === 1 ? '1 segment is' : `${segments} segments are`;
}

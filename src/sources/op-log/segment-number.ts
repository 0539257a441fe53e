const NUMBERED = /-([0-9A-Za-z]{1,32})-(\d+)\.trace\.zst$/;
const OPENED = /^oplog-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-/;
/** A writing thread of capture that takes over from one that died begins at the next multiple of this, plus 1. */
const NUMBERS_PER_THREAD = 100_000;

/** What the name of a segment says; undefined where it is not named by capture. */
export interface SegmentNameParts {
  readonly runId: string | undefined;
  readonly number: number | undefined;
  readonly openedUnixNs: bigint | undefined;
}

export function readSegmentName(name: string): SegmentNameParts {
  const [, runId, number] = NUMBERED.exec(name) ?? [];
  const [, year, month, day, hour, minute, second, ms] = OPENED.exec(name) ?? [];
  const openedMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
  return {
    runId,
    number: number === undefined ? undefined : Number(number),
    openedUnixNs: Number.isNaN(openedMs) ? undefined : BigInt(openedMs) * 1_000_000n,
  };
}

/**
 * How many segments of a run are missing between two of its numbers. Where a new thread took over, those that the old
 * one may have written are not known, but one that was closed in order is always followed by another.
 */
export function missingBetween(before: number, isClosed: boolean, after: number): number {
  if (threadOf(before) === threadOf(after)) return Math.max(0, after - before - 1);
  return missingInFront(after) + (isClosed ? 1 : 0);
}

/** How many segments of a run are missing in front of the first that is there. */
export function missingBefore(first: number): number {
  return Math.max(missingInFront(first), threadOf(first) > 0 ? 1 : 0);
}

function missingInFront(number: number): number {
  return Math.max(0, number - 1 - threadOf(number) * NUMBERS_PER_THREAD);
}

function threadOf(number: number): number {
  return Math.max(0, Math.floor((number - 1) / NUMBERS_PER_THREAD));
}

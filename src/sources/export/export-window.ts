import { EngramTraceError } from '../../error.ts';
import { isoTime } from '../../iso-time.ts';
import type { OpLog } from '../op-log/op-log.ts';
import { earlier, later, type UnixSpan } from '../unix-span.ts';

/** The window asked for; what is left out is the beginning or the end of the log. */
export interface WindowRequest {
  readonly startUnixNs?: bigint | undefined;
  readonly endUnixNs?: bigint | undefined;
  /** Instead of an end, ns. */
  readonly durationNs?: number | undefined;
}

/** The bounds that were asked for. Where one was left out, what is known beyond the records belongs to the window too. */
export interface WindowBounds {
  readonly fromUnixNs: bigint | undefined;
  readonly toUnixNs: bigint | undefined;
}

export function boundsOf(request: WindowRequest, window: UnixSpan): WindowBounds {
  const hasEnd = request.endUnixNs !== undefined || request.durationNs !== undefined;
  return { fromUnixNs: request.startUnixNs, toUnixNs: hasEnd ? window.endUnixNs : undefined };
}

/** Whether something that happened between these times may have happened in the window; undefined is not known. */
export function mayReach(
  { fromUnixNs, toUnixNs }: WindowBounds,
  sinceUnixNs: bigint | undefined,
  untilUnixNs: bigint | undefined,
): boolean {
  const isAfter = sinceUnixNs !== undefined && toUnixNs !== undefined && sinceUnixNs >= toUnixNs;
  const isBefore = untilUnixNs !== undefined && fromUnixNs !== undefined && untilUnixNs < fromUnixNs;
  return !isAfter && !isBefore;
}

/** The window in full. Throws `usage` for one that ends before it starts. */
export function resolveWindow(log: OpLog, request: WindowRequest): UnixSpan {
  const covered = coverageOf(log) ?? spanOf(log.segments) ?? spanOf(log.untold);
  const startUnixNs = request.startUnixNs ?? covered?.startUnixNs ?? 0n;
  // To the end of the log, unless the window starts behind it.
  const endUnixNs = askedEnd(request, startUnixNs) ?? later(covered?.endUnixNs ?? startUnixNs, startUnixNs);
  return { startUnixNs, endUnixNs };
}

/** Where a window that starts there was asked to end, if at all. Throws `usage` for one that ends before it starts. */
export function askedEnd({ durationNs, endUnixNs }: WindowRequest, startUnixNs: bigint): bigint | undefined {
  const end = durationNs === undefined ? endUnixNs : startUnixNs + BigInt(durationNs);
  if (end === undefined || end > startUnixNs) return end;
  const message = `the window ends at ${isoTime(end)}, no later than it starts at ${isoTime(startUnixNs)}`;
  throw new EngramTraceError('usage', message, {
    hint: 'give an --end after --start, or a --duration above 0',
  });
}

function spanOf(spans: readonly UnixSpan[]): UnixSpan | undefined {
  if (spans.length === 0) return undefined;
  return {
    startUnixNs: spans.map(({ startUnixNs }) => startUnixNs).reduce(earlier),
    endUnixNs: spans.map(({ endUnixNs }) => endUnixNs).reduce(later),
  };
}

/** From the first record of a log to its last; undefined when it has none. */
export function coverageOf(log: OpLog): UnixSpan | undefined {
  let covered: UnixSpan | undefined;
  for (const { recorded } of log.segments) {
    if (recorded === undefined) continue;
    const { startUnixNs, endUnixNs } = recorded;
    covered = {
      startUnixNs: earlier(covered?.startUnixNs ?? startUnixNs, startUnixNs),
      endUnixNs: later(covered?.endUnixNs ?? endUnixNs, endUnixNs),
    };
  }
  return covered;
}

/** One sentence on why there is no record in the window, and what the log has instead. */
export function whyEmpty(log: OpLog, window: UnixSpan): string {
  const covered = coverageOf(log);
  if (covered === undefined) return 'no records: the op log holds none at all';
  const span = `the log covers ${isoTime(covered.startUnixNs)} to ${isoTime(covered.endUnixNs)}`;
  if (window.startUnixNs >= covered.endUnixNs)
    return `no records: the window starts after the end of the log; ${span}`;
  if (window.endUnixNs <= covered.startUnixNs)
    return `no records: the window ends before the log begins; ${span}`;
  return `no records: nothing was recorded in the window; ${span}`;
}

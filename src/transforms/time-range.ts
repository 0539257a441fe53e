import { EngramTraceError } from '../error.ts';
import type { TraceHeader, TraceRecord } from '../trace/record/record.ts';
import type { ReadOptions, Trace } from '../trace/trace.ts';

/** A point in time on the wall clock (Unix ns), or counted from the start of a trace (ns). */
export type TimePoint = { readonly unixNs: bigint } | { readonly offsetNs: number };

/** A part of a trace. The start of a trace is the start of its window, or where it has none its first record. */
export interface TimeRange {
  /** Inclusive. */
  readonly from?: TimePoint | undefined;
  /** Exclusive. */
  readonly to?: TimePoint | undefined;
}

/**
 * The records of a trace that start in `range`. Where an index is there, only the blocks of the range are read.
 * Throws `usage` for a range that ends before it starts.
 */
export async function* recordsBetween(
  trace: Trace,
  range: TimeRange,
  onDamage: ReadOptions['onDamage'] = 'throw',
): AsyncGenerator<TraceRecord[]> {
  const startNs = trace.header.window?.startNs ?? trace.hints.firstStartNs;
  if (startNs !== undefined || !(isOffset(range.from) || isOffset(range.to))) {
    yield* trace.records({ ...startBounds(trace.header, range, startNs ?? 0), onDamage });
    return;
  }
  let bounds: StartBounds | undefined;
  for await (const batch of trace.records({ onDamage })) {
    bounds ??= startBounds(trace.header, range, batch[0]?.startNs ?? 0);
    const { fromNs = -Infinity, toNs = Infinity } = bounds;
    const inside = batch.filter((record) => record.startNs >= fromNs && record.startNs < toNs);
    if (inside.length > 0) yield inside;
    if ((batch.at(-1)?.startNs ?? 0) >= toNs) return;
  }
}

/** Bounds of starts in ns from a trace's epoch; an absent one is open. */
export type StartBounds = Pick<ReadOptions, 'fromNs' | 'toNs'>;

/** A range in ns from the epoch of a trace that starts at `startNs`. Throws `usage` for one that ends before it starts. */
export function startBounds(
  { epochUnixNs }: Pick<TraceHeader, 'epochUnixNs'>,
  range: TimeRange,
  startNs: number,
): StartBounds {
  const at = (point: TimePoint | undefined): number | undefined => {
    if (point === undefined) return undefined;
    return 'offsetNs' in point ? startNs + point.offsetNs : Number(point.unixNs - epochUnixNs);
  };
  const [fromNs, toNs] = [at(range.from), at(range.to)];
  if (fromNs !== undefined && toNs !== undefined && fromNs >= toNs) {
    throw new EngramTraceError('usage', 'the range ends before it starts', {
      hint: '--from must be before --to',
    });
  }
  return { fromNs, toNs };
}

function isOffset(point: TimePoint | undefined): boolean {
  return point !== undefined && 'offsetNs' in point;
}

import { EngramTraceError } from '../error.ts';
import type { TraceRecord } from '../trace/record/record.ts';
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
    yield* trace.records({ ...resolve(trace, range, startNs ?? 0), onDamage });
    return;
  }
  let bounds: Bounds | undefined;
  for await (const batch of trace.records({ onDamage })) {
    bounds ??= resolve(trace, range, batch[0]?.startNs ?? 0);
    const { fromNs = -Infinity, toNs = Infinity } = bounds;
    const inside = batch.filter((record) => record.startNs >= fromNs && record.startNs < toNs);
    if (inside.length > 0) yield inside;
    if ((batch.at(-1)?.startNs ?? 0) >= toNs) return;
  }
}

type Bounds = Pick<ReadOptions, 'fromNs' | 'toNs'>;

function resolve(trace: Trace, range: TimeRange, startNs: number): Bounds {
  const at = (point: TimePoint | undefined) => {
    if (point === undefined) return undefined;
    return 'offsetNs' in point ? startNs + point.offsetNs : Number(point.unixNs - trace.header.epochUnixNs);
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

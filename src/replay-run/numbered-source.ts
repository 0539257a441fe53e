import { EngramTraceError } from '../trace/error.ts';
import type { TraceRecord } from '../trace/record.ts';
import type { ReadOptions, Trace } from '../trace/trace.ts';
import type { TimePoint, TimeRange } from '../transforms/time-range.ts';
import { countBefore } from './count-before.ts';

/** Reads the records of a trace once for each pass and knows which number each has in its file. */
export interface NumberedSource {
  /** Batches of one pass, in the order of starts. */
  open(): AsyncIterable<TraceRecord[]>;
  /** Number in the file (from 0, in the order of starts) of the n-th record read over all passes. */
  recordNumber(readNumber: number): number;
  /** Records read in all. */
  readonly recordsRead: number;
}

/**
 * The records of `trace` that start in `range`. An index saves reading what lies before; without one, what lies
 * before is read and skipped.
 */
export function createNumberedSource(
  trace: Trace,
  range: TimeRange,
  onDamage: NonNullable<ReadOptions['onDamage']>,
): NumberedSource {
  let base: number | undefined;
  let passLength: number | undefined;
  let recordsRead = 0;

  async function* open(): AsyncGenerator<TraceRecord[]> {
    if (recordsRead > 0 && !trace.seekable) throw cannotReadAgain(trace);
    const before = recordsRead;
    const { fromNs, toNs } = indexedBounds(trace, range);
    if (fromNs !== undefined) base ??= await countBefore(trace, fromNs, onDamage);
    const batches = trace.records({ fromNs, toNs, onDamage, ahead: true });
    const wanted = isBounded(range) && trace.index === undefined ? cut(batches) : batches;
    for await (const batch of wanted) {
      recordsRead += batch.length;
      yield batch;
    }
    passLength ??= recordsRead - before;
  }

  /** Without an index: skips and counts what lies before the range. */
  async function* cut(batches: AsyncIterable<TraceRecord[]>): AsyncGenerator<TraceRecord[]> {
    let skipped = 0;
    let bounds: Bounds | undefined;
    for await (const batch of batches) {
      bounds ??= boundsOf(trace, range, trace.header.window?.startNs ?? batch[0]?.startNs ?? 0);
      const { fromNs = -Infinity, toNs = Infinity } = bounds;
      const inside = batch.filter((record) => record.startNs >= fromNs && record.startNs < toNs);
      if (base === undefined) skipped += batch.filter((record) => record.startNs < fromNs).length;
      if (inside.length > 0) {
        base ??= skipped;
        yield inside;
      }
      if ((batch.at(-1)?.startNs ?? 0) >= toNs) return;
    }
  }

  return {
    open,
    recordNumber: (readNumber) => (base ?? 0) + (passLength ? readNumber % passLength : readNumber),
    get recordsRead() {
      return recordsRead;
    },
  };
}

interface Bounds {
  fromNs?: number | undefined;
  toNs?: number | undefined;
}

function isBounded(range: TimeRange): boolean {
  return range.from !== undefined || range.to !== undefined;
}

function indexedBounds(trace: Trace, range: TimeRange): Bounds {
  if (trace.index === undefined) return {};
  return boundsOf(trace, range, trace.header.window?.startNs ?? trace.index.totals.firstStartNs);
}

/** `range` in ns from the trace's epoch; `startNs` is what offsets count from. Throws `usage` where it is empty. */
export function boundsOf(trace: Trace, range: TimeRange, startNs: number): Bounds {
  const at = (point: TimePoint | undefined): number | undefined => {
    if (point === undefined) return undefined;
    return 'offsetNs' in point ? startNs + point.offsetNs : Number(point.unixNs - trace.header.epochUnixNs);
  };
  const bounds = { fromNs: at(range.from), toNs: at(range.to) };
  if (bounds.fromNs !== undefined && bounds.toNs !== undefined && bounds.fromNs >= bounds.toNs) {
    const hint = '--from must be before --to';
    throw new EngramTraceError('usage', 'the range ends before it starts', { hint });
  }
  return bounds;
}

function cannotReadAgain(trace: Trace): EngramTraceError {
  return new EngramTraceError('usage', `${trace.name} is a pipe and can be read only once`, {
    hint: 'write the trace to a file to play it with --loop',
  });
}

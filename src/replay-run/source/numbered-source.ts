import { EngramTraceError } from '../../error.ts';
import { firstOfBatch } from '../../trace/block/record-spans.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import type { ReadOptions, Trace } from '../../trace/trace.ts';
import { type StartBounds, startBounds, type TimeRange } from '../../transforms/time-range.ts';
import { countBefore } from './count-before.ts';

/** The part of a trace that is played. */
export interface ReplayPart extends TimeRange {
  /** Recorded time, from `from` or else from the first record; there is no `to` beside it. */
  readonly durationNs?: number | undefined;
  /** The first so many records of a pass. */
  readonly limit?: number | undefined;
}

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
 * The records of `trace` that belong to `part`. An index saves reading what lies before; without one, what lies
 * before is read and skipped. `placed`, `recycled`: see `ReadOptions`.
 */
export function createNumberedSource(
  trace: Trace,
  part: ReplayPart,
  onDamage: NonNullable<ReadOptions['onDamage']>,
  { placed = false, recycled = false }: Pick<ReadOptions, 'placed' | 'recycled'> = {},
): NumberedSource {
  let base: number | undefined;
  let passLength: number | undefined;
  let recordsRead = 0;

  async function* open(): AsyncGenerator<TraceRecord[]> {
    if (recordsRead > 0 && !trace.seekable) throw cannotReadAgain(trace);
    const before = recordsRead;
    const { fromNs, toNs } = indexedBounds(trace, part);
    if (fromNs !== undefined) base ??= await countBefore(trace, fromNs, onDamage);
    const isCut = isBounded(part) && trace.index === undefined;
    // What is cut is another batch, of which nobody knows where its records stand, nor what they are given back to.
    const spans = isCut ? {} : { placed, recycled };
    const batches = trace.records({ fromNs, toNs, onDamage, ahead: true, ...spans });
    const wanted = isCut ? cut(batches) : batches;
    for await (const batch of wanted) {
      const left = (part.limit ?? Infinity) - (recordsRead - before);
      const within = batch.length > left ? firstOfBatch(batch, left) : batch;
      recordsRead += within.length;
      yield within;
      if (within.length >= left) break;
    }
    passLength ??= recordsRead - before;
  }

  /** Without an index: skips and counts what lies before the range. */
  async function* cut(batches: AsyncIterable<TraceRecord[]>): AsyncGenerator<TraceRecord[]> {
    let skipped = 0;
    let bounds: StartBounds | undefined;
    for await (const batch of batches) {
      bounds ??= partBounds(trace, part, batch[0]?.startNs ?? 0);
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

function isBounded({ from, to, durationNs }: ReplayPart): boolean {
  return from !== undefined || to !== undefined || durationNs !== undefined;
}

function indexedBounds(trace: Trace, part: ReplayPart): StartBounds {
  return trace.index === undefined ? {} : partBounds(trace, part, trace.index.totals.firstStartNs);
}

/**
 * `part` in ns from the trace's epoch, as far as times bound it. Offsets count from the start of the trace's window, or
 * from its first record, which starts at `firstStartNs`. Throws `usage` where it is empty.
 */
export function partBounds(trace: Trace, part: ReplayPart, firstStartNs: number): StartBounds {
  const { from, to, durationNs } = part;
  const startNs = trace.header.window?.startNs ?? firstStartNs;
  if (durationNs === undefined) return startBounds(trace.header, { from, to }, startNs);
  const { fromNs } = startBounds(trace.header, { from }, startNs);
  return { fromNs, toNs: (fromNs ?? firstStartNs) + durationNs };
}

function cannotReadAgain(trace: Trace): EngramTraceError {
  return new EngramTraceError('usage', `${trace.name} is a pipe and can be read only once`, {
    hint: 'write the trace to a file to play it with --loop',
  });
}

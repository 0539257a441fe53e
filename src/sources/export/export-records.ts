import { isoTime } from '../../iso-time.ts';
import type { TimeWindow, TraceHeader, TraceRecord } from '../../trace/record/record.ts';
import type { Trace } from '../../trace/trace.ts';
import { derivedHeader } from '../../transforms/filter-trace.ts';
import { later, type UnixSpan } from '../unix-span.ts';
import { askedEnd, type WindowRequest } from './export-window.ts';

export interface RecordExportOptions extends WindowRequest {
  /** Program and version, for the header. */
  readonly tool: string;
  readonly skipDamaged?: boolean | undefined;
}

/** A window of any trace, record by record. */
export interface RecordExport {
  readonly header: TraceHeader;
  /** The records of the window; to be read once. */
  readonly records: AsyncIterable<TraceRecord[]>;
  /** One sentence, when there is nothing in the window. */
  readonly emptyBecause: string | undefined;
  /** From the bounds that were asked for; where there was none, from the first record or to the last one read so far. */
  window(): UnixSpan;
  /** Ends the reading, also where no record was taken. */
  close(): Promise<void>;
}

/** Starts of what was read so far, and of what of it lies in the window; ns from the epoch. */
interface Seen {
  firstNs?: number | undefined;
  lastNs?: number | undefined;
  firstInsideNs?: number | undefined;
  lastInsideNs?: number | undefined;
}

/**
 * Reads a trace up to the first record in a window, and gives what it takes to write the window. A header stands in
 * front of its records: it tells a window where both ends were asked for, or where the trace has one of its own.
 */
export async function openRecordExport(trace: Trace, options: RecordExportOptions): Promise<RecordExport> {
  if (options.startUnixNs !== undefined) askedEnd(options, options.startUnixNs);
  const seen: Seen = {};
  const inside = recordsInside(trace, options, seen);
  const first = await inside.next();
  const at = (ns = 0): bigint => trace.header.epochUnixNs + BigInt(ns);
  const startUnixNs = options.startUnixNs ?? at(seen.firstNs);
  const endUnixNs = seen.firstNs === undefined ? undefined : askedEnd(options, startUnixNs);
  return {
    header: headerOf(trace, options.tool, { startUnixNs: options.startUnixNs, endUnixNs }),
    records: continued(first, inside),
    emptyBecause: first.done ? whyNone(trace, seen, startUnixNs) : undefined,
    window: () => ({
      startUnixNs: options.startUnixNs ?? at(seen.firstInsideNs),
      endUnixNs: endUnixNs ?? later(startUnixNs, at(seen.lastInsideNs)) + 1n,
    }),
    close: async () => void (await inside.return(undefined)),
  };
}

/** Reading ends with the window: what follows is not needed. */
async function* recordsInside(
  trace: Trace,
  options: RecordExportOptions,
  seen: Seen,
): AsyncGenerator<TraceRecord[]> {
  const { epochUnixNs } = trace.header;
  for await (const batch of trace.records({ onDamage: options.skipDamaged ? 'skip' : 'throw' })) {
    seen.firstNs ??= batch[0]?.startNs ?? 0;
    seen.lastNs = batch.at(-1)?.startNs;
    const startUnixNs = options.startUnixNs ?? epochUnixNs + BigInt(seen.firstNs);
    const startNs = Number(startUnixNs - epochUnixNs);
    const endUnixNs = askedEnd(options, startUnixNs);
    const endNs = endUnixNs === undefined ? Number.POSITIVE_INFINITY : Number(endUnixNs - epochUnixNs);
    const inside = batch.filter((record) => record.startNs >= startNs && record.startNs < endNs);
    if (inside.length > 0) {
      seen.firstInsideNs ??= inside[0]?.startNs;
      seen.lastInsideNs = inside.at(-1)?.startNs;
      yield inside;
    }
    if ((seen.lastNs ?? 0) >= endNs) return;
  }
}

async function* continued(
  first: IteratorResult<TraceRecord[]>,
  rest: AsyncIterator<TraceRecord[]>,
): AsyncGenerator<TraceRecord[]> {
  for (let next = first; !next.done; next = await rest.next()) yield next.value;
}

type Asked = Pick<WindowRequest, 'startUnixNs' | 'endUnixNs'>;

/** The window that was asked for, as far as the trace's own reaches. */
function headerOf({ header }: Trace, tool: string, asked: Asked): TraceHeader {
  const toNs = (unixNs: bigint | undefined, other: number) =>
    unixNs === undefined ? other : Number(unixNs - header.epochUnixNs);
  const { startNs = Number.NEGATIVE_INFINITY, endNs = Number.POSITIVE_INFINITY } = header.window ?? {};
  const window = {
    startNs: Math.max(startNs, toNs(asked.startUnixNs, startNs)),
    endNs: Math.min(endNs, toNs(asked.endUnixNs, endNs)),
  };
  const gaps = header.gaps
    .filter((gap) => gap.endNs > window.startNs && gap.startNs < window.endNs)
    .map(({ reason, ...gap }) => ({ ...within(gap, window), reason }));
  return { ...derivedHeader(header, tool, 'export'), window: isTellable(window) ? window : undefined, gaps };
}

function within(one: TimeWindow, other: TimeWindow): TimeWindow {
  return { startNs: Math.max(one.startNs, other.startNs), endNs: Math.min(one.endNs, other.endNs) };
}

/** Times in a trace stay within 2^53 ns of its epoch. */
function isTellable({ startNs, endNs }: TimeWindow): boolean {
  return Number.isSafeInteger(startNs) && Number.isSafeInteger(endNs) && startNs < endNs;
}

function whyNone({ name, header }: Trace, { firstNs, lastNs = 0 }: Seen, startUnixNs: bigint): string {
  if (firstNs === undefined) return `no records: ${name} holds none at all`;
  const [first, last] = [header.epochUnixNs + BigInt(firstNs), header.epochUnixNs + BigInt(lastNs)];
  if (last < startUnixNs) return `no records: the window starts after the last one, at ${isoTime(last)}`;
  if (first > startUnixNs) return `no records: the window ends before the first one, at ${isoTime(first)}`;
  return 'no records: nothing was recorded in the window';
}

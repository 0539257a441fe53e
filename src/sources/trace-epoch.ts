import { EngramTraceError } from '../error.ts';
import { isoTime } from '../iso-time.ts';
import { earlier, later, type UnixSpan } from './unix-span.ts';

/** Times of a trace are numbers of ns from its epoch, exact up to here: 104 days. */
const MOST_NS = BigInt(Number.MAX_SAFE_INTEGER);
const MOST_EPOCH_NS = 2n ** 63n - 1n;

/** What the times of an exported trace count from, and its window as far as those can tell it. */
export interface TraceEpoch {
  readonly epochUnixNs: bigint;
  readonly window: UnixSpan;
  /** One sentence where the window had to be narrowed. */
  readonly note: string | undefined;
}

/**
 * Takes the epoch of the source where all fits, else that of the first record. A window that is too wide is narrowed
 * around the records; records that are too far apart are a `usage` error.
 */
export function chooseEpoch(
  window: UnixSpan,
  recorded: UnixSpan | undefined,
  sourceEpochUnixNs: bigint,
): TraceEpoch {
  const first = recorded?.startUnixNs ?? within(window.startUnixNs, -MOST_EPOCH_NS, MOST_EPOCH_NS);
  const last = recorded?.endUnixNs ?? first;
  if (last - first > MOST_NS) throw tooFarApart(first, last);
  const room = (MOST_NS - (last - first)) / 2n;
  const told = {
    startUnixNs: within(window.startUnixNs, first - room, last + room),
    endUnixNs: within(window.endUnixNs, first - room, last + room),
  };
  const isWhole = told.startUnixNs === window.startUnixNs && told.endUnixNs === window.endUnixNs;
  const fits = [told.startUnixNs, told.endUnixNs, first, last].every(
    (unixNs) => distance(unixNs, sourceEpochUnixNs) <= MOST_NS,
  );
  const note = isWhole
    ? undefined
    : `the window asked for, ${spanText(window)}, is wider than a trace can tell (104 days): it is told as ${spanText(told)}`;
  return { epochUnixNs: fits ? sourceEpochUnixNs : first, window: told, note };
}

/** Whether a block can be copied with the epoch of its own: readers add the difference. */
export function isNear(epochUnixNs: bigint, otherUnixNs: bigint): boolean {
  return distance(epochUnixNs, otherUnixNs) <= MOST_NS / 2n;
}

function tooFarApart(first: bigint, last: bigint): EngramTraceError {
  return new EngramTraceError(
    'usage',
    `the records in the window lie too far apart for one trace, which can tell 104 days: ${spanText({ startUnixNs: first, endUnixNs: last })}`,
    { hint: 'give --start and --end, and export one part after the other' },
  );
}

function spanText({ startUnixNs, endUnixNs }: UnixSpan): string {
  return `${isoTime(startUnixNs)} to ${isoTime(endUnixNs)}`;
}

function distance(a: bigint, b: bigint): bigint {
  return a < b ? b - a : a - b;
}

function within(value: bigint, least: bigint, most: bigint): bigint {
  return later(least, earlier(most, value));
}

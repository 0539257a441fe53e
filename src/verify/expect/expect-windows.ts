import { expectHistogram, expectMax, expectPercentile, type SortedTimes } from '../measure/exact-times.ts';
import { type Expectations, exactly, expectAll } from '../measure/expectations.ts';
import { collectTimes } from '../measure/grouped-times.ts';
import type { LogRow, LogTable } from '../measure/log-table.ts';

const SECOND = 1e9;
const MS = 1e6;
const US = 1e3;
const MAX_WINDOWS = 3600;

interface Window {
  ops: number;
  errors: number;
  /** The most in flight at a send of each shard; together they bound what all had in flight at one time. */
  inFlight: Map<number, number>;
}

/**
 * Expects the windows. An operation belongs to the window it was due in; one is a second wide where there are
 * at most 3600 of them, or else doubled as often as it takes for at most 1800.
 */
export async function expectWindows(table: LogTable, into: Expectations): Promise<void> {
  const widthS = await windowWidth(table);
  const indexOf = (row: LogRow): number => windowIndex(row.dueNs - table.startNs, widthS);
  const windows = await countWindows(table, indexOf);
  const keys = [...windows.keys()].sort((a, b) => a - b);
  const places = new Map(keys.map((key, place) => [key, place]));
  const placeOf = (row: LogRow): number => places.get(indexOf(row)) as number;
  const response = await collectTimes(table, keys.length, placeOf, (row) => row.responseNs);
  const sendError = await collectTimes(table, keys.length, placeOf, (row) => row.sentNs - row.dueNs);
  keys.forEach((key, place) => {
    const { ops, errors, inFlight } = windows.get(key) as Window;
    const times = response.group(place);
    const precision = { digits: 2 } as const;
    expectAll(into, `windows[${key * widthS}]`, {
      start_s: exactly(key * widthS),
      width_s: exactly(widthS),
      ops: exactly(ops),
      errors: exactly(errors),
      p50: expectPercentile(times, 5000, MS, precision),
      p99: expectPercentile(times, 9900, MS, precision),
      max: expectMax(times, MS),
      in_flight: exactly([...inFlight.values()].reduce((sum, most) => sum + most, 0)),
      send_error_p99_us: expectPercentile(sendError.group(place), 9900, US, precision),
    });
    expectWindowHistogram(into, `windows[${key * widthS}]`, times);
  });
}

/** Expects the histogram of a window's response times; null where there are none. */
export function expectWindowHistogram(into: Expectations, path: string, times: SortedTimes): void {
  if (times.length === 0) into.set(`${path}.histogram`, exactly(null));
  else expectHistogram(into, `${path}.histogram`, times, { digits: 2 });
}

async function windowWidth(table: LogTable): Promise<number> {
  let furthestNs = 0;
  await table.each((row) => {
    if (row.isAttempted) furthestNs = Math.max(furthestNs, row.dueNs - table.startNs);
  });
  let widthS = 1;
  while (windowIndex(furthestNs, widthS) >= (widthS === 1 ? MAX_WINDOWS : MAX_WINDOWS / 2)) widthS *= 2;
  return widthS;
}

function windowIndex(offsetNs: number, widthS: number): number {
  return Math.max(0, Math.floor(offsetNs / (widthS * SECOND)));
}

async function countWindows(table: LogTable, indexOf: (row: LogRow) => number): Promise<Map<number, Window>> {
  const windows = new Map<number, Window>();
  await table.each((row) => {
    if (!row.isAttempted) return;
    const key = indexOf(row);
    const window = windows.get(key) ?? { ops: 0, errors: 0, inFlight: new Map() };
    window.ops += 1;
    if (row.disposition !== 'ok') window.errors += 1;
    window.inFlight.set(row.shard, Math.max(window.inFlight.get(row.shard) ?? 0, row.inFlight));
    windows.set(key, window);
  });
  return windows;
}

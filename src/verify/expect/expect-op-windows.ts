import { type Expectations, exactly, expectAll } from '../measure/expectations.ts';
import { collectTimes } from '../measure/grouped-times.ts';
import type { LogRow, LogTable } from '../measure/log-table.ts';
import type { OpNames } from '../measure/op-names.ts';
import { expectWindowHistogram } from './expect-windows.ts';

const SECOND = 1e9;
const MOST_OPS = 8;
const MOST_WINDOWS = 360;
const FIRST_WIDTH_S = 10;

interface Window {
  readonly op: string;
  readonly startS: number;
  readonly widthS: number;
  ops: number;
  errors: number;
}

/**
 * Expects the windows of each op: ten seconds wide where it has at most 360 of them, or else doubled as often as it takes for at most 180. Where more
 * than eight ops were tried there are none.
 */
export async function expectOpWindows(table: LogTable, names: OpNames, into: Expectations): Promise<void> {
  const furthestNs = await furthestOfOps(table);
  if (furthestNs.size > MOST_OPS) return;
  const widths = new Map([...furthestNs].map(([op, ns]) => [op, widthFor(ns)]));
  const windows: Window[] = [];
  const places = new Map<string, number>();
  const placeOf = (row: LogRow): number => {
    const widthS = widths.get(row.op) as number;
    const startS = widthS * Math.max(0, Math.floor((row.dueNs - table.startNs) / (widthS * SECOND)));
    const key = `${row.op} ${startS}`;
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, windows.length);
    return windows.push({ op: row.op, startS, widthS, ops: 0, errors: 0 }) - 1;
  };
  await table.each((row) => {
    if (!row.isAttempted) return;
    const window = windows[placeOf(row)] as Window;
    window.ops += 1;
    if (row.disposition !== 'ok') window.errors += 1;
  });
  const response = await collectTimes(table, windows.length, placeOf, (row) => row.responseNs);
  for (const [place, { op, startS, widthS, ops, errors }] of windows.entries()) {
    const path = `op_windows.${names.keys[names.indexOf(op)]}[${startS}]`;
    expectAll(into, path, {
      start_s: exactly(startS),
      width_s: exactly(widthS),
      ops: exactly(ops),
      errors: exactly(errors),
    });
    expectWindowHistogram(into, path, response.group(place));
  }
}

/** When the last operation of each op that was tried was due, after the start. */
async function furthestOfOps(table: LogTable): Promise<Map<string, number>> {
  const furthest = new Map<string, number>();
  await table.each((row) => {
    if (row.isAttempted) furthest.set(row.op, Math.max(furthest.get(row.op) ?? 0, row.dueNs - table.startNs));
  });
  return furthest;
}

function widthFor(furthestNs: number): number {
  let widthS = FIRST_WIDTH_S;
  const most = (): number => (widthS === FIRST_WIDTH_S ? MOST_WINDOWS : MOST_WINDOWS / 2);
  while (Math.floor(furthestNs / (widthS * SECOND)) >= most()) widthS *= 2;
  return widthS;
}

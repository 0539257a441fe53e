import { countText, numberText } from '../../inspect/number-text.ts';
import { textTable } from '../../inspect/text-table.ts';
import type { Percentiles } from '../../results/document/latency-section.ts';
import type { ResultsDocument } from '../../results/document/results-document.ts';
import { neededOperations } from '../../statistics/needed-operations.ts';
import { visibleText } from '../../visible-text.ts';

const MOST_ROWS = 20;
/** The width of a terminal less the table's indent. */
const WIDTH = 98;
const NARROWEST_OP = 20;
const SHARES = ['p50', 'p90', 'p95', 'p99'] as const;
/** Operations that prove a percentile: with fewer, one in twenty times none of them is above it. */
const FEWEST = {
  p50: neededOperations(0.5),
  p90: neededOperations(0.9),
  p95: neededOperations(0.95),
  p99: neededOperations(0.99),
};

/** What a line of the table says: of an operation name, or of a target. */
export interface MeasuredRow {
  name: string;
  sent: number;
  failed: number;
  response: Percentiles | undefined;
  maxMs: number | null;
}

/** A percentile where enough operations carry it; null where it would be the maximum under another name. */
export function provenPercentile(of: Percentiles, share: keyof typeof FEWEST): number | null {
  return of.count < FEWEST[share] ? null : of[share];
}

/** A line for each operation name, the most frequent first and those beyond the first twenty as one; none for none. */
export function opTableLines(document: ResultsDocument): string[] {
  const rows = opRows(document).sort((a, b) => b.sent - a.sent || b.failed - a.failed);
  if (rows.length === 0) return [];
  const beyond = rows.slice(MOST_ROWS);
  const shown = rows.slice(0, MOST_ROWS);
  if (beyond.length > 0) shown.push(sumOf(beyond));
  return measuredTable('op', shown);
}

function opRows({ latency, operations }: ResultsDocument): MeasuredRow[] {
  const rows = Object.entries(operations.ops).map(([name, { total, failed }]) => {
    const response = isPercentiles(latency[name]) ? latency[name] : undefined;
    return { name, sent: total, failed, response, maxMs: response?.max ?? null };
  });
  return rows.filter(({ sent }) => sent > 0);
}

function isPercentiles(value: unknown): value is Percentiles {
  return typeof value === 'object' && value !== null && 'count' in value;
}

function sumOf(rows: readonly MeasuredRow[]): MeasuredRow {
  const sum = (key: 'sent' | 'failed'): number => rows.reduce((total, row) => total + row[key], 0);
  const longest = rows.flatMap(({ maxMs }) => (maxMs === null ? [] : [maxMs]));
  const maxMs = longest.length === 0 ? null : Math.max(...longest);
  return {
    name: `and ${rows.length} more`,
    sent: sum('sent'),
    failed: sum('failed'),
    response: undefined,
    maxMs,
  };
}

function cellsOf({ name, sent, failed, response, maxMs }: MeasuredRow): string[] {
  const shares = SHARES.map((share) =>
    numberText(response === undefined ? null : provenPercentile(response, share)),
  );
  return [name, countText(sent), countText(failed), ...shares, numberText(maxMs)];
}

/** A table of these rows under a title for their names, which are cut in their middle where it were too wide for a terminal. */
export function measuredTable(title: string, measured: readonly MeasuredRow[]): string[] {
  const rows = measured.map(cellsOf);
  const right = (title: string) => ({ title, align: 'right' as const });
  const columns = [{ title }, ...['sent', 'errors', 'p50 ms', 'p90', 'p95', 'p99', 'max'].map(right)];
  const numbers = textTable(
    columns,
    rows.map((row) => ['', ...row.slice(1)]),
  );
  const widest = Math.max(...numbers.map((line) => line.length)) - title.length;
  const room = Math.max(NARROWEST_OP, WIDTH - widest);
  return textTable(
    columns,
    rows.map(([name = '', ...rest]) => [cutMiddle(visibleText(name), room), ...rest]),
  );
}

/** Both ends tell names apart: `GET /api/v1/sp…/stats`. */
function cutMiddle(text: string, width: number): string {
  if (text.length <= width) return text;
  const front = Math.ceil((width - 1) * 0.6);
  const back = width - 1 - front;
  return `${whole(text.slice(0, front))}…${whole(text.slice(-back))}`;
}

/** A text without the half of a surrogate pair that a cut may have left at its ends. */
function whole(text: string): string {
  return text.replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/gu, '');
}

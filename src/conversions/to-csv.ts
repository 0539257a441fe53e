import type { ResultsDocument } from '../results/document/results-document.ts';

/** A window as a row of a table. */
type WindowRow = Record<string, number | null>;

/** The windows of a run as rows; what was watched in them has columns of its own. */
function windowRows({ windows }: ResultsDocument): WindowRow[] {
  return windows.map(
    ({ start_s, width_s, ops, errors, p50, p99, max, in_flight, send_error_p99_us, resources }) => ({
      ...{
        start_s,
        width_s,
        ops,
        errors,
        p50_ms: p50,
        p99_ms: p99,
        max_ms: max,
        in_flight,
        send_error_p99_us,
      },
      ...resources,
    }),
  );
}

/** The names of all columns, in the order of their first appearance. */
function columnsOf(rows: readonly WindowRow[]): string[] {
  const usual = [
    'start_s',
    'width_s',
    'ops',
    'errors',
    'p50_ms',
    'p99_ms',
    'max_ms',
    'in_flight',
    'send_error_p99_us',
  ];
  return [...new Set([...usual, ...rows.flatMap(Object.keys)])];
}

/** The windows as CSV (RFC 4180): a line a window, what is not known empty. */
export function toCsv(document: ResultsDocument): string {
  const rows = windowRows(document);
  const columns = columnsOf(rows);
  const lines = rows.map((row) => columns.map((column) => String(row[column] ?? '')).join(','));
  return [columns.map(cell).join(','), ...lines, ''].join('\r\n');
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

import { linesText } from '../visible-text.ts';
import { busiestLines } from './busiest-text.ts';
import { numberText } from './number-text.ts';
import { textTable } from './text-table.ts';
import type { TraceSummary } from './trace-summary.ts';

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const MOST_ROWS = 60;
const BAR_WIDTH = 50;

/** Arrivals over time as horizontal bars, one row per step; steps are joined until at most 60 rows remain. */
export function timelineText(summary: TraceSummary): string {
  const { start, counts, step_s: stepS } = summary.timeline;
  const perRow = Math.max(1, Math.ceil(counts.length / MOST_ROWS));
  const rows: number[] = [];
  counts.forEach((count, i) => {
    const row = Math.floor(i / perRow);
    rows[row] = (rows[row] ?? 0) + count;
  });
  const rowS = stepS * perRow;
  const most = Math.max(1, ...rows);
  const columns = [
    { title: 'from (UTC)' },
    { title: 'from (s)', align: 'right' },
    { title: 'per s', align: 'right' },
    { title: '' },
  ] as const;
  const cells = rows.map((count, i) => [
    clockText(start, i * rowS, rowS),
    secondsText(i * rowS, rowS),
    numberText(count / rowS),
    bar(count / most),
  ]);
  const busiest = busiestLines(summary);
  return linesText([...textTable(columns, cells), ...(busiest.length === 0 ? [] : ['', ...busiest])]);
}

/** `2026-11-16 09:00:00`, with ms where rows are shorter than a second. */
function clockText(start: string | null, seconds: number, stepS: number): string {
  const atMs = start === null ? Number.NaN : Date.parse(start) + Math.round(seconds * 1000);
  if (Number.isNaN(atMs) || Math.abs(atMs) > 8.64e15) return '-';
  const text = new Date(atMs).toISOString().replace('T', ' ').replace('Z', '');
  return Number.isInteger(stepS) && atMs % 1000 === 0 ? text.replace(/\.\d+$/, '') : text;
}

function secondsText(seconds: number, stepS: number): string {
  return seconds.toFixed(Math.min(9, Math.max(0, Math.ceil(-Math.log10(stepS)))));
}

/** Draws a bar; a part above 0 gets at least an eighth of a cell. */
function bar(part: number): string {
  const eighths = part > 0 ? Math.max(1, Math.round(part * BAR_WIDTH * 8)) : 0;
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}

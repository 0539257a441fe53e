import { countText, durationText, numberText, sizeText } from '../inspect/number-text.ts';
import { textTable } from '../inspect/text-table.ts';
import { linesText } from '../visible-text.ts';
import type {
  GapDistance,
  MeasuredTrace,
  OpDistance,
  SizeDistance,
  TraceDistances,
} from './trace-distances.ts';

const MOST_ROWS = 40;

/** The distances as text for people. */
export function distancesText(distances: TraceDistances): string {
  return linesText([
    `a           ${traceText(distances.a)}`,
    `b           ${traceText(distances.b)}`,
    ...nearnessLines(distances),
    '',
    ...opLines(distances),
  ]);
}

/** How near they are, in one line a measure. */
export function nearnessLines({
  gaps,
  dispersion,
  op_mix_distance: mix,
  request_size: request,
  response_size: response,
}: TraceDistances): string[] {
  const dispersions = dispersion.map(
    ({ window_ms, a, b }) => `${numberText(a)} and ${numberText(b)} at ${widthText(window_ms)}`,
  );
  return [
    `gaps        ${gapText(gaps)}`,
    `dispersion  ${dispersions.join(', ')}`,
    `op mix      ${mix === null ? '-' : `${shareText(mix)} of the operations are of another op`}`,
    `requests    ${sizeDistanceText(request)}`,
    `answers     ${sizeDistanceText(response)}`,
  ];
}

function traceText({ name, records, duration_s: seconds, rate_per_s: rate }: MeasuredTrace): string {
  return `${name}: ${countText(records)} records in ${durationText(seconds)} (${numberText(rate)} per s)`;
}

function widthText(widthMs: number): string {
  return widthMs < 1000 ? `${widthMs} ms` : `${widthMs / 1000} s`;
}

function gapText(gaps: GapDistance | null): string {
  if (gaps === null) return '-';
  const { ks, w1_us, w1_over_mean: over } = gaps;
  const share = over === null ? '' : `, ${shareText(over)} of the mean gap of a`;
  return `KS ${numberText(ks)}, W1 ${durationText(w1_us / 1e6)}${share}`;
}

function sizeDistanceText(size: SizeDistance | null): string {
  return size === null ? '-' : `size KS ${numberText(size.ks)}, W1 ${sizeText(size.w1_bytes)}`;
}

function shareText(share: number): string {
  return `${numberText(share * 100)} %`;
}

function opLines({ a, b, ops }: TraceDistances): string[] {
  const right = (title: string) => ({ title, align: 'right' as const });
  const titles = ['in a', 'share', 'in b', 'share', 'request KS', 'W1', 'answer KS', 'W1'];
  const rows = ops
    .slice(0, MOST_ROWS)
    .map((op) => [
      op.op || '(none)',
      ...countAndShare(op.a_count, a),
      ...countAndShare(op.b_count, b),
      ...sizeCells(op.request_size),
      ...sizeCells(op.response_size),
    ]);
  const table = textTable([{ title: 'op' }, ...titles.map(right)], rows);
  if (ops.length <= MOST_ROWS) return table;
  return [...table, `… and ${ops.length - MOST_ROWS} more ops; --json lists all`];
}

function countAndShare(count: OpDistance['a_count'], { records }: MeasuredTrace): string[] {
  return [countText(count), records === 0 ? '-' : shareText(count / records)];
}

function sizeCells(size: SizeDistance | null): string[] {
  return size === null ? ['-', '-'] : [numberText(size.ks), sizeText(size.w1_bytes)];
}

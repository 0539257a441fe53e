import { textTable } from '../inspect/text-table.ts';
import type { CheckReport } from './check-results.ts';
import type { Judgement } from './judge-limit.ts';
import { quantityText } from './units.ts';

/** One line of a checklist, in words. */
export interface ChecklistLine {
  readonly status: string;
  readonly name: string;
  /** What has to hold, as it was written. */
  readonly limit: string;
  /** What was seen, with its bounds. */
  readonly seen: string;
}

/** A checklist for people: a line a limit, in their order, and below them what it comes to. */
export function checkReportText(report: CheckReport): string {
  const rows = linesOf(report).map(({ status, name, limit, seen }) => [
    status,
    name === limit ? limit : `${name}: ${limit}`,
    seen,
  ]);
  const columns = [{ title: '' }, { title: 'limit' }, { title: 'observed' }];
  return [...textTable(columns, rows), endOf(report)].join('\n');
}

/** The lines of a checklist in the order of the limits. */
export function linesOf({ judgements, status }: CheckReport): ChecklistLine[] {
  return judgements.map((judgement) => ({
    status: status === 'NOT JUDGED' ? 'not judged' : statusWord(judgement),
    name: judgement.limit.name,
    limit: judgement.limit.text,
    seen: seenText(judgement),
  }));
}

function statusWord({ status, seen }: Judgement): string {
  return seen.value === null ? 'not judged' : status;
}

function seenText({ limit, seen, spans, notPassed }: Judgement): string {
  const { value, bounds, why, where } = seen;
  const text = (number: number): string => quantityText(number, limit.quantity);
  const place = where === undefined ? '' : `, ${where}`;
  const others = notPassed > 1 ? `, and ${notPassed - 1} more of ${spans} windows` : '';
  if (value === null || bounds === undefined) return `${why ?? 'not measured'}${place}${others}`;
  const isExact = bounds.low === bounds.high;
  const high = Number.isFinite(bounds.high) ? text(bounds.high) : '?';
  const range = isExact ? '' : ` (${text(bounds.low)} to ${high})`;
  return `${text(value)}${range}${why === undefined ? '' : `: ${why}`}${place}${others}`;
}

function endOf({ status, verdict, judgements, isUnproven }: CheckReport): string {
  if (status === 'NOT JUDGED')
    return 'NOT JUDGED: the run was not valid, so its numbers prove nothing (--judge-anyway)';
  const of = `${judgements.length} ${judgements.length === 1 ? 'limit' : 'limits'}`;
  const words = {
    PASS: 'all hold',
    INVESTIGATE: 'not all are shown to hold, and none is shown to be broken',
    FAIL: 'at least one is broken',
  }[status];
  const unproven = isUnproven && status !== 'FAIL' ? '; one that is required could not be judged' : '';
  return `${status}: ${words}${unproven} (${of}; the run was ${verdict})`;
}

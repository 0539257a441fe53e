import { textTable } from '../inspect/text-table.ts';
import type { Change, Comparison } from './compare-results.ts';

/** A comparison for people: a line a percentile, and what it comes to. */
export function comparisonText(comparison: Comparison): string {
  const { changes, left, doubts, isRegression } = comparison;
  const columns = [
    { title: 'op' },
    { title: 'percentile' },
    { title: 'baseline', align: 'right' as const },
    { title: 'current', align: 'right' as const },
    { title: 'change (95 %)' },
    { title: '' },
    { title: 'would have shown' },
  ];
  const rows = changes.map((change) => [
    change.op,
    percentileName(change.quantile),
    `${short(change.baselineMs)} ms`,
    `${short(change.currentMs)} ms`,
    `${signed(change.change)} (${signed(change.low)} to ${signed(change.high)})`,
    change.answer,
    `+${percent(change.smallest)}`,
  ]);
  const table = changes.length === 0 ? [] : textTable(columns, rows);
  const doubt = doubts.map((each) => `mind that ${each}`);
  return [
    ...table,
    ...leftLines(left),
    ...doubt,
    isRegression ? regressionLine(changes) : calmLine(changes),
  ].join('\n');
}

/** The comparison as JSON, snake_case. */
export function comparisonJson({ changes, left, doubts, isRegression }: Comparison): object {
  return {
    regression: isRegression,
    changes: changes.map((change) => ({
      op: change.op,
      percentile: percentileName(change.quantile),
      baseline_ms: change.baselineMs,
      current_ms: change.currentMs,
      change: change.change,
      low: change.low,
      high: change.high,
      p: change.p,
      answer: change.answer,
      regression: change.isRegression,
      smallest_shown: change.smallest,
    })),
    not_compared: left.map(({ op, quantile, why }) => ({ op, percentile: percentileName(quantile), why })),
    doubts,
  };
}

/** A line for each op and reason: mostly one reason is that of all its percentiles. */
function leftLines(left: Comparison['left']): string[] {
  const isLike = (one: Comparison['left'][number], other: Comparison['left'][number]): boolean =>
    one.op === other.op && one.why === other.why;
  const firsts = left.filter((each, i) => left.findIndex((other) => isLike(each, other)) === i);
  return firsts.map((first) => {
    const names = left.filter((each) => isLike(first, each)).map(({ quantile }) => percentileName(quantile));
    return `not compared: ${first.op} ${names.join(', ')}: ${first.why}`;
  });
}

function regressionLine(changes: readonly Change[]): string {
  const worse = changes.filter((change) => change.isRegression);
  const names = worse.map(({ op, quantile }) => `${op} ${percentileName(quantile)}`);
  return `REGRESSION: ${names.join(', ')}`;
}

/** Never only that there is none: what was too small to be seen is part of the answer. */
function calmLine(changes: readonly Change[]): string {
  if (changes.length === 0) return 'NOTHING COMPARED';
  const p50 = changes.find(({ op, quantile }) => op === 'overall' && quantile === 0.5) ?? changes[0];
  const p99 = changes.find(({ op, quantile }) => op === 'overall' && quantile === 0.99);
  const of = (change: Change | undefined): string[] =>
    change === undefined ? [] : [`${percentileName(change.quantile)} by ${percent(change.smallest)}`];
  const shown = [...of(p50), ...of(p99)].join(' or ');
  return `no regression shown; one that moved ${shown} would have been, four times in five`;
}

function percentileName(quantile: number): string {
  return `p${Number((100 * quantile).toPrecision(6))}`;
}

function short(ms: number): string {
  return String(Number(ms.toPrecision(4)));
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

function signed(share: number): string {
  return `${share > 0 ? '+' : ''}${Number((100 * share).toPrecision(3))} %`;
}

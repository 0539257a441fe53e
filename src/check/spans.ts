import type { OpWindowEntry, ResultsDocument, WindowEntry } from '../results/document/results-document.ts';
import { median } from '../statistics/trend.ts';
import type { Limit, Scope } from './limit.ts';

/** A window of all operations or of one op. */
export type AnyWindow = WindowEntry | OpWindowEntry;

/** Windows that are looked at together. */
export interface Span {
  readonly where: string;
  readonly inside: readonly AnyWindow[];
}

type PartScope = Exclude<Scope, { kind: 'whole' }>;

/** The spans that a limit is about; a window belongs to the one that it begins in. */
export function spansOfScope(
  windows: readonly AnyWindow[],
  scope: PartScope,
  document: ResultsDocument,
): Span[] {
  switch (scope.kind) {
    case 'during':
      return [within(windows, scope.fromS, scope.toS)];
    case 'every':
      return everySpan(windows, scope.widthS);
    case 'burst':
      return burstSpans(windows, scope, document.windows);
    case 'while':
      return [whileSpan(windows, scope, document.windows)];
  }
}

/** Why no span of a scope has a window. */
export function whyNoSpan({ scope }: Limit, { resources, windows }: ResultsDocument): string {
  if (scope.kind === 'burst')
    return 'no burst was seen: no window has more than 1.5 times as many operations as the median one';
  if (scope.kind !== 'while') return 'nothing was due then';
  const isKnown = Object.hasOwn(resources?.series ?? {}, scope.series);
  if (!isKnown) return `${scope.series} was not watched`;
  const read = windows.filter((window) => window.resources?.[scope.series] !== undefined).length;
  const where = read < windows.length ? ` where it was read: in ${read} of ${windows.length} windows` : '';
  return `${scope.series} was never so${where}`;
}

function within(windows: readonly AnyWindow[], fromS: number, toS: number): Span {
  const inside = windows.filter(({ start_s }) => start_s >= fromS && start_s < toS);
  return { where: `${fromS} s to ${toS} s`, inside };
}

function everySpan(windows: readonly AnyWindow[], widthS: number): Span[] {
  const spans = new Map<number, AnyWindow[]>();
  for (const window of windows) {
    const span = Math.floor(window.start_s / widthS);
    const inside = spans.get(span) ?? [];
    inside.push(window);
    spans.set(span, inside);
  }
  return [...spans].map(([span, inside]) => ({
    where: `${span * widthS} s to ${(span + 1) * widthS} s`,
    inside,
  }));
}

function burstSpans(
  windows: readonly AnyWindow[],
  { part, delayS }: PartScope & { kind: 'burst' },
  all: readonly WindowEntry[],
): Span[] {
  const bursts = burstsIn(all);
  if (part === 'during') return bursts.map(([fromS, toS]) => within(windows, fromS, toS));
  const last = all.at(-1);
  const endS = last === undefined ? 0 : last.start_s + last.width_s;
  return bursts
    .map(([, toS], i) => within(windows, toS + delayS, bursts[i + 1]?.[0] ?? endS))
    .filter(({ inside }) => inside.length > 0);
}

/** More operations than usual by so much are a burst. */
const BURST_FACTOR = 1.5;
/** And by so many standard deviations of a count, which low rates have by chance. */
const BURST_SIGMAS = 5;

/** From when to when there was a burst, in s. Those that are shorter than a window are told only where they fill it. */
function burstsIn(windows: readonly WindowEntry[]): [fromS: number, toS: number][] {
  const usual = median(windows.map(({ ops, width_s }) => ops / width_s));
  const bursts: [number, number][] = [];
  for (const { start_s, width_s, ops } of windows) {
    const expected = usual * width_s;
    if (ops <= expected * BURST_FACTOR || ops <= expected + BURST_SIGMAS * Math.sqrt(expected)) continue;
    const before = bursts.at(-1);
    if (before !== undefined && before[1] === start_s) before[1] = start_s + width_s;
    else bursts.push([start_s, start_s + width_s]);
  }
  return bursts;
}

/** The windows that begin in one of all operations in which the condition holds. */
function whileSpan(
  windows: readonly AnyWindow[],
  { series, comparison, value }: PartScope & { kind: 'while' },
  all: readonly WindowEntry[],
): Span {
  const holding = all.filter(({ resources }) => {
    const seen = resources?.[series];
    return seen !== undefined && compares(comparison, seen, value);
  });
  const inside = windows.filter(({ start_s }) =>
    holding.some((window) => start_s >= window.start_s && start_s < window.start_s + window.width_s),
  );
  return { where: `while ${series} ${comparison} ${value}`, inside };
}

/** Whether a value is so beside a limit. */
export function compares(comparison: Limit['comparison'], value: number, limit: number): boolean {
  if (comparison === '<') return value < limit;
  if (comparison === '<=') return value <= limit;
  return comparison === '>' ? value > limit : value >= limit;
}

import { parseDurationNs } from '../duration.ts';
import { EngramTraceError } from '../error.ts';
import type { ResultsDocument } from '../results/document/results-document.ts';
import { findMetric } from './find-metric.ts';
import { findSeries } from './find-series.ts';
import type { Limit, Metric, Scope } from './limit.ts';
import { parseQuantity } from './units.ts';

const LIMIT =
  /^\s*(\S.*?)\s*(<=|>=|<|>)\s*([^\s<>=]+(?: ?(?:%|[a-zA-Z/]+(?=$|\s)))?)\s*(?:(in every|during|(?:\S+\s+)?after)\s+(.+?)\s*)?$/s;
const HINT = "write it as 'latency.overall.p99 < 10ms' or 'latency.recall.p99 < 10ms in every 60s window'";

/** How a limit was said. */
export interface LimitWords {
  readonly name?: string | undefined;
  /** What has to hold. */
  readonly holds: string;
  /** What is beyond doubt too much, where there is a span between that is to be looked into. */
  readonly fails?: string | undefined;
  /** False: where it can't be judged, that stands in nobody's way. */
  readonly required?: boolean | undefined;
}

/** Reads a limit of what has to hold in a document, whose numbers it may name. Throws `usage`. */
export function parseLimit(words: LimitWords, document: ResultsDocument): Limit {
  const { holds, fails, name = holds, required = true } = words;
  const limit = { ...parseComparison(holds, document, !required), name, isRequired: required };
  if (fails === undefined) return limit;
  const beyond = parseComparison(fails, document, !required);
  const isOpposite = limit.comparison[0] !== beyond.comparison[0];
  const isSame =
    JSON.stringify([limit.metric, limit.scope]) === JSON.stringify([beyond.metric, beyond.scope]);
  const isFurther = limit.comparison[0] === '<' ? beyond.value >= limit.value : beyond.value <= limit.value;
  if (isOpposite && isSame && isFurther) return { ...limit, failsBeyond: beyond.value, fails };
  throw new EngramTraceError('usage', `'${fails}' is not the other end of '${holds}'`, {
    hint: 'the same number with the opposite comparison, and a value that is further out',
  });
}

/** A limit as `--fail-if` has it: what must not be. */
export function parseFailIf(text: string, document: ResultsDocument): Limit {
  const limit = parseComparison(text, document);
  // What is shown beside PASS is what held.
  const held = heldInstead(text);
  return { ...limit, text: held, name: held, comparison: OPPOSITE[limit.comparison] };
}

const OPPOSITE = { '<': '>=', '<=': '>', '>': '<=', '>=': '<' } as const;

/** What must not be, as the words of what has to hold; a text without a comparison stays as it is. */
export function heldInstead(failIf: string): string {
  return failIf
    .trim()
    .replace(/\s*(<=|>=|<|>)\s*/, (_, comparison: Limit['comparison']) => ` ${OPPOSITE[comparison]} `);
}

function parseComparison(text: string, document: ResultsDocument, mayBeAbsent = false): Limit {
  const [, name, comparison, value, word, rest = ''] = LIMIT.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new EngramTraceError('usage', `'${text}' is no limit`, { hint: HINT });
  const { metric, quantity } = findMetric(name, document, text);
  const scope = scopeOf(word, rest, text, { document, mayBeAbsent });
  if (scope.kind !== 'whole' && !hasWindows(metric))
    throw new EngramTraceError('usage', `the limit '${text}': windows have no ${name}`, {
      hint: 'they have response times (latency.OP.p99, max), error_rate and success_rate, and means of what was watched',
    });
  const limit = parseQuantity(value, quantity, text);
  return {
    ...{ text, name: text, isRequired: true, metric, quantity, value: limit, failsBeyond: limit, scope },
    comparison: comparison as Limit['comparison'],
  };
}

function hasWindows(metric: Metric): boolean {
  if (metric.kind === 'share') return metric.of === 'errors' || metric.of === 'successes';
  if (metric.kind === 'resource') return metric.statistic === 'mean';
  return metric.kind === 'latency' && metric.section === 'response' && metric.statistic !== 'min';
}

const CONDITION = /^(\S.*?)\s*(<=|>=|<|>)\s*(\S.*)$/s;

/** Where names are looked for; one that is not there may be that of a page which was not read. */
interface Names {
  readonly document: ResultsDocument;
  readonly mayBeAbsent: boolean;
}

function scopeOf(word: string | undefined, rest: string, text: string, names: Names): Scope {
  if (word === undefined) return { kind: 'whole' };
  if (word === 'in every') return everyScope(rest, text);
  if (word !== 'during') return afterScope(word, rest, text);
  if (isBurst(rest)) return { kind: 'burst', part: 'during', delayS: 0 };
  return CONDITION.test(rest) ? whileScope(rest, text, names) : duringScope(rest, text);
}

function isBurst(text: string): boolean {
  return /^(?:each |every )?bursts?$/.test(text);
}

function everyScope(rest: string, text: string): Scope {
  const widthS = secsOf(rest.replace(/\s+window$/, ''), text);
  if (widthS >= 1 && Number.isInteger(widthS)) return { kind: 'every', widthS };
  throw new EngramTraceError('usage', `the limit '${text}': a window is of whole seconds`, { hint: HINT });
}

/** `after burst`, `10s after burst`. */
function afterScope(word: string, rest: string, text: string): Scope {
  if (isBurst(rest)) {
    const delay = word.replace(/\s*after$/, '');
    return { kind: 'burst', part: 'after', delayS: delay === '' ? 0 : secsOf(delay, text) };
  }
  throw new EngramTraceError('usage', `the limit '${text}': after '${rest}' is no part of a run`, {
    hint: "write it as 'after burst' or '10s after burst'",
  });
}

function whileScope(rest: string, text: string, { document, mayBeAbsent }: Names): Scope {
  const [, name = '', comparison, value = ''] = CONDITION.exec(rest) ?? [];
  const { series, quantity } = findSeries(name, document, text, mayBeAbsent);
  return {
    kind: 'while',
    series,
    comparison: comparison as Limit['comparison'],
    value: parseQuantity(value, quantity, text),
  };
}

function duringScope(rest: string, text: string): Scope {
  const [from, to, ...more] = rest.split('..');
  if (from === undefined || to === undefined || more.length > 0)
    throw new EngramTraceError('usage', `the limit '${text}': '${rest}' is no part of a run`, {
      hint: "write it as 'during 60s..90s', counted from the start of the plan, 'during burst' or 'during NAME > 0'",
    });
  const [fromS, toS] = [secsOf(from, text), secsOf(to, text)];
  if (fromS < toS) return { kind: 'during', fromS, toS };
  throw new EngramTraceError('usage', `the limit '${text}': it ends before it begins`);
}

function secsOf(text: string, limit: string): number {
  return parseDurationNs(text, `the limit '${limit}'`) / 1e9;
}

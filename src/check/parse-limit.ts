import { parseDurationNs } from '../duration.ts';
import { EngramTraceError } from '../error.ts';
import type { ResultsDocument } from '../results/document/results-document.ts';
import { findMetric } from './find-metric.ts';
import type { Limit, Metric, Scope } from './limit.ts';
import { parseQuantity } from './units.ts';

const LIMIT =
  /^\s*(\S.*?)\s*(<=|>=|<|>)\s*([^\s<>=]+(?: ?(?:%|[a-zA-Z/]+(?=$|\s)))?)\s*(?:(in every|during)\s+(.+?)\s*)?$/s;
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
  const limit = { ...parseComparison(holds, document), name, isRequired: required };
  if (fails === undefined) return limit;
  const beyond = parseComparison(fails, document);
  const isOpposite = limit.comparison[0] !== beyond.comparison[0];
  const isSame =
    JSON.stringify([limit.metric, limit.scope]) === JSON.stringify([beyond.metric, beyond.scope]);
  const isFurther = limit.comparison[0] === '<' ? beyond.value >= limit.value : beyond.value <= limit.value;
  if (isOpposite && isSame && isFurther) return { ...limit, failsBeyond: beyond.value };
  throw new EngramTraceError('usage', `'${fails}' is not the other end of '${holds}'`, {
    hint: 'the same number with the opposite comparison, and a value that is further out',
  });
}

/** A limit as `--fail-if` has it: what must not be. */
export function parseFailIf(text: string, document: ResultsDocument): Limit {
  const limit = parseComparison(text, document);
  const opposite = { '<': '>=', '<=': '>', '>': '<=', '>=': '<' } as const;
  const comparison = opposite[limit.comparison];
  // What is shown beside PASS is what held.
  const held = text.trim().replace(/\s*(<=|>=|<|>)\s*/, ` ${comparison} `);
  return { ...limit, text: held, name: held, comparison };
}

function parseComparison(text: string, document: ResultsDocument): Limit {
  const [, name, comparison, value, word, rest = ''] = LIMIT.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new EngramTraceError('usage', `'${text}' is no limit`, { hint: HINT });
  const { metric, quantity } = findMetric(name, document, text);
  const scope = scopeOf(word, rest, text);
  if (scope.kind !== 'whole' && !hasWindows(metric))
    throw new EngramTraceError('usage', `the limit '${text}': windows have no ${name}`, {
      hint: 'they have response times (latency.OP.p99, max), error_rate and success_rate',
    });
  const limit = parseQuantity(value, quantity, text);
  return {
    ...{ text, name: text, isRequired: true, metric, quantity, value: limit, failsBeyond: limit, scope },
    comparison: comparison as Limit['comparison'],
  };
}

function hasWindows(metric: Metric): boolean {
  if (metric.kind === 'share') return metric.of !== 'hits';
  return metric.kind === 'latency' && metric.section === 'response' && metric.statistic !== 'min';
}

function scopeOf(word: string | undefined, rest: string, text: string): Scope {
  if (word === undefined) return { kind: 'whole' };
  if (word === 'in every') {
    const widthS = parseDurationNs(rest.replace(/\s+window$/, ''), `the limit '${text}'`) / 1e9;
    if (widthS >= 1 && Number.isInteger(widthS)) return { kind: 'every', widthS };
    throw new EngramTraceError('usage', `the limit '${text}': a window is of whole seconds`, { hint: HINT });
  }
  const [from, to, ...more] = rest.split('..');
  if (from === undefined || to === undefined || more.length > 0)
    throw new EngramTraceError('usage', `the limit '${text}': '${rest}' is no part of a run`, {
      hint: "write it as 'during 60s..90s', counted from the start of the plan",
    });
  const [fromS, toS] = [from, to].map((each) => parseDurationNs(each, `the limit '${text}'`) / 1e9) as [
    number,
    number,
  ];
  if (fromS < toS) return { kind: 'during', fromS, toS };
  throw new EngramTraceError('usage', `the limit '${text}': it ends before it begins`);
}

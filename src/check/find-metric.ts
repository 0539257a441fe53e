import { EngramTraceError } from '../error.ts';
import { didYouMean } from '../nearest.ts';
import type { ResultsDocument } from '../results/document/results-document.ts';
import { resourceNames, resourceOf } from './find-series.ts';
import type { LatencyStatistic, Metric } from './limit.ts';
import type { Quantity } from './units.ts';

/** A metric as a document has it. */
export interface FoundMetric {
  readonly metric: Metric;
  readonly quantity: Quantity;
}

const BY_NAME: Readonly<Record<string, FoundMetric>> = {
  error_rate: { metric: { kind: 'share', of: 'errors' }, quantity: 'share' },
  'summary.error_rate': { metric: { kind: 'share', of: 'errors' }, quantity: 'share' },
  success_rate: { metric: { kind: 'share', of: 'successes' }, quantity: 'share' },
  completed_share: { metric: { kind: 'share', of: 'completed' }, quantity: 'share' },
  'latency.overall.p50.growth_percent_per_hour': {
    metric: { kind: 'drift', percentile: 'p50' },
    quantity: 'percent',
  },
  'latency.overall.p99.growth_percent_per_hour': {
    metric: { kind: 'drift', percentile: 'p99' },
    quantity: 'percent',
  },
  hit_rate: { metric: { kind: 'share', of: 'hits' }, quantity: 'share' },
  'cache.hit_rate_percent': { metric: { kind: 'share', of: 'hits' }, quantity: 'percent' },
};

/** Short names of numbers that have a longer one in the document. */
const ALIASES: Readonly<Record<string, string>> = {
  throughput: 'throughput_ops_per_sec',
  planned: 'summary.planned_operations',
  'latency.min_ms': 'latency.overall.min',
  'latency.avg_ms': 'latency.overall.mean',
  'latency.p50_ms': 'latency.overall.p50',
  'latency.p95_ms': 'latency.overall.p95',
  'latency.p99_ms': 'latency.overall.p99',
  'latency.max_ms': 'latency.overall.max',
};

const SECTIONS = [
  ['latency', 'response'],
  ['response', 'response'],
  ['service_latency', 'service'],
  ['service', 'service'],
] as const;

/** Sections that a name like `windows[3].p99` would reach into: limits have scopes for that. */
const NO_METRICS = new Set([
  'windows',
  'op_windows',
  'histograms',
  'errors',
  'checks',
  'notes',
  'validation',
  'resources',
]);

/**
 * What a name stands for in a document: `latency.recall.p99`, `response.p99`, `error_rate`, or the path of any number.
 * Throws `usage` for one that is not there, with the nearest that is.
 */
export function findMetric(name: string, document: ResultsDocument, limit: string): FoundMetric {
  const path = own(ALIASES, name) ?? name;
  const found =
    own(BY_NAME, path) ?? latencyOf(path, document) ?? resourceOf(path, document) ?? numberOf(path, document);
  if (found !== undefined) return found;
  throw new EngramTraceError('usage', `the limit '${limit}': the results have no number named ${name}`, {
    hint: didYouMean(name, namesIn(document), 'all are named in docs/results.md'),
  });
}

/** A name such as `constructor` is in every object, and no name of ours. */
function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function latencyOf(path: string, document: ResultsDocument): FoundMetric | undefined {
  for (const [prefix, section] of SECTIONS) {
    if (!path.startsWith(`${prefix}.`)) continue;
    const rest = path.slice(prefix.length + 1);
    const [, op = 'overall', last = rest] = /^(.+?)\.(p[\d.]+|mean|min|max)$/s.exec(rest) ?? [];
    const statistic = statisticOf(last);
    const ops = section === 'response' ? document.latency : document.service_latency;
    if (statistic === undefined || !Object.hasOwn(ops, op)) return undefined;
    return { metric: { kind: 'latency', section, op, statistic }, quantity: 'time' };
  }
  return undefined;
}

/** `p99`, `p99.9`, or a statistic that is no percentile. */
function statisticOf(name: string): LatencyStatistic | undefined {
  if (name === 'mean' || name === 'min' || name === 'max') return name;
  const percentile = /^p(\d+(?:\.\d+)?)$/.exec(name)?.[1];
  const quantile = Number(percentile) / 100;
  return quantile > 0 && quantile < 1 ? quantile : undefined;
}

function numberOf(name: string, document: ResultsDocument): FoundMetric | undefined {
  const path = pathOf(name, document);
  if (path === undefined) return undefined;
  return { metric: { kind: 'number', path }, quantity: quantityOf(path) };
}

/** The keys on the way to a number or null; names of ops have dots in them too. */
function pathOf(name: string, within: unknown): string[] | undefined {
  if (typeof within !== 'object' || within === null || Array.isArray(within)) return undefined;
  for (const [key, value] of Object.entries(within)) {
    if (name === key && (value === null || typeof value === 'number')) return [key];
    if (!name.startsWith(`${key}.`) || NO_METRICS.has(key)) continue;
    const rest = pathOf(name.slice(key.length + 1), value);
    if (rest !== undefined) return [key, ...rest];
  }
  return undefined;
}

function quantityOf(path: readonly string[]): Quantity {
  const name =
    path.findLast((key) => /_(us|ms|secs|s|percent|bytes|rate|share|per_sec|ops_sec)$/.test(key)) ?? '';
  // Of what is in us or s the number itself is compared: `send_error_us.p99 < 500`.
  if (/_percent$/.test(name)) return 'percent';
  if (/_(rate|share)$/.test(name)) return 'share';
  if (/_(per_sec|ops_sec)$/.test(name)) return 'rate';
  if (/bytes$/.test(path.at(-1) ?? '')) return 'bytes';
  const inLatency = /latency$|_ms$/.test(path[0] ?? '') || /_ms$/.test(name);
  return inLatency && path.at(-1) !== 'count' ? 'time' : 'count';
}

/** The names of all numbers of a document. */
function namesIn(document: ResultsDocument): string[] {
  const names: string[] = [...Object.keys(BY_NAME), ...Object.keys(ALIASES), ...resourceNames(document)];
  const walk = (value: object, path: string): void => {
    for (const [key, each] of Object.entries(value)) {
      const name = path === '' ? key : `${path}.${key}`;
      if (each === null || typeof each === 'number') names.push(name);
      else if (typeof each === 'object' && !Array.isArray(each) && !NO_METRICS.has(key)) walk(each, name);
    }
  };
  walk(document, '');
  return names;
}

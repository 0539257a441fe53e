import type { CheckEntry, ResultsDocument } from '../document/results-document.ts';

/** What a run has to hold; undefined ones are not checked. */
export interface RunLimits {
  readonly p95LatencyMs?: number | undefined;
  readonly p99LatencyMs?: number | undefined;
  /** A run may fall short of it by 5 %. */
  readonly throughputPerSec?: number | undefined;
  /** 0 to 1. */
  readonly errorRate?: number | undefined;
  /** Share of the lookups that is to hit, 0 to 1, and by how much it may be off. */
  readonly hitRate?: { readonly wanted: number; readonly tolerance: number } | undefined;
}

/** The sections that say whether the limits were held. */
export type Judged = Pick<ResultsDocument, 'validation' | 'checks'>;

/** A plan that is played to the letter still ends with the last answer, a little after its last operation. */
const THROUGHPUT_SHARE = 0.95;

/**
 * Holds the numbers of a document against the limits. What is null there does not pass.
 */
export function judgeRun(
  limits: RunLimits,
  document: Pick<ResultsDocument, 'latency' | 'summary' | 'cache'>,
): Judged {
  const { p95LatencyMs, p99LatencyMs, throughputPerSec, errorRate } = limits;
  const latency = [
    ...atMost('latency.overall.p95', p95LatencyMs),
    ...atMost('latency.overall.p99', p99LatencyMs),
  ];
  const throughput = atLeast(
    'summary.throughput_ops_sec',
    throughputPerSec && throughputPerSec * THROUGHPUT_SHARE,
  );
  const errors = atMost('summary.error_rate', errorRate);
  const exprs = [...latency, ...throughput, ...errors, ...hitRateExprs(limits)];
  const checks = exprs.map((expr) => judgeExpression(expr, (path) => numberAt(document, path)));
  const passed = (names: readonly string[]): boolean | undefined =>
    names.length === 0 ? undefined : checks.every(({ expr, pass }) => pass || !names.includes(expr));
  return {
    checks,
    validation: {
      ...named('met_throughput_target', passed(throughput)),
      ...named('met_latency_target', passed(latency)),
      ...named('max_error_rate_ok', passed(errors)),
    },
  };
}

function hitRateExprs({ hitRate }: RunLimits): string[] {
  if (hitRate === undefined) return [];
  const { wanted, tolerance } = hitRate;
  const [least, most] = [100 * Math.max(0, wanted - tolerance), 100 * Math.min(1, wanted + tolerance)];
  return [...atLeast('cache.hit_rate_percent', least), ...atMost('cache.hit_rate_percent', most)];
}

function atMost(path: string, limit: number | undefined): string[] {
  return limit === undefined ? [] : [`${path} <= ${Number(limit.toPrecision(12))}`];
}

function atLeast(path: string, limit: number | undefined): string[] {
  return limit === undefined ? [] : [`${path} >= ${Number(limit.toPrecision(12))}`];
}

/** One limit (`path <= number` or `path >= number`), held against the value at that path of a document. */
export function judgeExpression(expr: string, valueAt: (path: string) => number | null): CheckEntry {
  const [path = '', comparison, limit] = expr.split(' ');
  const observed = valueAt(path);
  const holds = (value: number): boolean =>
    comparison === '<=' ? value <= Number(limit) : value >= Number(limit);
  return { expr, observed, pass: observed !== null && holds(observed) };
}

function numberAt(document: object, path: string): number | null {
  let value: unknown = document;
  for (const name of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[name];
  return typeof value === 'number' ? value : null;
}

function named<K extends string>(name: K, value: boolean | undefined): Partial<Record<K, boolean>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, boolean>);
}

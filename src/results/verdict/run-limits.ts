import type { CheckEntry, ResultsDocument } from '../document/results-document.ts';

/** What a run has to hold; undefined ones are not checked. */
export interface RunLimits {
  readonly p99LatencyMs?: number | undefined;
  /** A run may fall short of it by 5 %. */
  readonly throughputPerSec?: number | undefined;
  /** 0 to 1. */
  readonly errorRate?: number | undefined;
}

/** The sections that say whether the limits were held. */
export type Judged = Pick<ResultsDocument, 'validation' | 'checks'>;

/** A plan that is played to the letter still ends with the last answer, a little after its last operation. */
const THROUGHPUT_SHARE = 0.95;

/**
 * Holds the numbers of a document against the limits. What is null there does not pass.
 */
export function judgeRun(limits: RunLimits, document: Pick<ResultsDocument, 'latency' | 'summary'>): Judged {
  const { p99LatencyMs, throughputPerSec, errorRate } = limits;
  const latency = p99LatencyMs === undefined ? undefined : `latency.overall.p99 <= ${p99LatencyMs}`;
  const throughput =
    throughputPerSec === undefined
      ? undefined
      : `summary.throughput_ops_sec >= ${Number((throughputPerSec * THROUGHPUT_SHARE).toPrecision(12))}`;
  const errors = errorRate === undefined ? undefined : `summary.error_rate <= ${errorRate}`;
  const check = (expr: string): CheckEntry => judgeExpression(expr, (path) => numberAt(document, path));
  const checks = [latency, throughput, errors].filter((expr) => expr !== undefined).map(check);
  const passed = (expr: string | undefined): boolean | undefined =>
    checks.find((one) => one.expr === expr)?.pass;
  return {
    checks,
    validation: {
      ...named('met_throughput_target', passed(throughput)),
      ...named('met_latency_target', passed(latency)),
      ...named('max_error_rate_ok', passed(errors)),
    },
  };
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

import type { ResultsDocument } from '../results/document/results-document.ts';
import { decodeHistogram } from '../results/histogram/hdr-library.ts';

/** What most formats ask of a run, in one unit: times in ns, shares 0 to 1; 0 where nothing was measured. */
export interface RunNumbers {
  readonly isGrpc: boolean;
  readonly url: string;
  readonly total: number;
  readonly ok: number;
  readonly failed: number;
  readonly notSent: number;
  readonly durationNs: number;
  readonly sentPerSec: number;
  readonly okPerSec: number;
  readonly receivedBytes: number;
  readonly startedMs: number;
  readonly response: TimeSpread;
  readonly firstAnswer: TimeSpread;
  /** Answers by status, as the protocol writes it (`200`, `503`, `Unavailable`), and errors without one under ''. */
  readonly statuses: ReadonlyMap<string, number>;
  /** What went wrong, and how often. */
  readonly errors: ReadonlyMap<string, number>;
}

/** A histogram as formats draw it. */
export interface TimeSpread {
  readonly count: number;
  readonly minNs: number;
  readonly meanNs: number;
  readonly maxNs: number;
  readonly deviationNs: number;
  readonly buckets: readonly { bottomNs: number; topNs: number; count: number }[];
  percentileNs(percentile: number): number;
}

/** Reads the numbers of a results document. */
export function runNumbers(document: ResultsDocument): RunNumbers {
  const {
    target,
    summary,
    operations,
    fidelity,
    histograms,
    latency,
    first_answer_latency: first,
  } = document;
  const { shed, gate_timeout, unsent } = fidelity.accounting;
  const isGrpc = target.http === null;
  return {
    isGrpc,
    url: target.http ?? target.grpc ?? '',
    total: operations.total,
    ok: operations.successful,
    failed: operations.failed,
    notSent: shed + gate_timeout + unsent,
    durationNs: Math.round((summary.duration_secs ?? 0) * 1e9),
    sentPerSec: summary.sent_ops_sec ?? 0,
    okPerSec: summary.throughput_ops_sec ?? 0,
    receivedBytes: summary.response_bytes,
    startedMs: Date.parse(document.timestamp),
    response: distributionOf(histograms.response['overall'], latency.overall),
    firstAnswer: distributionOf(histograms.first_answer?.['overall'], first?.overall),
    statuses: statusesOf(document, isGrpc),
    errors: errorsOf(document),
  };
}

type Exact = ResultsDocument['latency']['overall'];

/** Least, mean and most are exact in the document; the rest is that of the histogram. */
function distributionOf(encoded: string | undefined, exact: Exact | undefined): TimeSpread {
  const decoded = encoded === undefined ? undefined : decodeHistogram(encoded);
  const buckets = [...(decoded?.buckets() ?? [])];
  const [minNs, meanNs, maxNs] = [exact?.min, exact?.mean, exact?.max].map((ms) =>
    Math.round((ms ?? 0) * 1e6),
  ) as [number, number, number];
  const count = decoded?.count ?? 0;
  const squares = buckets.reduce(
    (sum, { bottomNs, topNs, count: of }) => sum + of * ((bottomNs + topNs) / 2 - meanNs) ** 2,
    0,
  );
  return {
    ...{ count, minNs, meanNs, maxNs, buckets },
    deviationNs: count === 0 ? 0 : Math.sqrt(squares / count),
    percentileNs: (percentile) => {
      if (decoded === undefined || count === 0) return 0;
      return Math.min(Math.max(decoded.percentileNs(percentile), minNs), maxNs);
    },
  };
}

/** The statuses of successes are in no results: they count as the usual one. */
function statusesOf({ errors, operations }: ResultsDocument, isGrpc: boolean): Map<string, number> {
  const statuses = new Map<string, number>();
  const add = (status: string, count: number): void => {
    if (count > 0) statuses.set(status, (statuses.get(status) ?? 0) + count);
  };
  add(isGrpc ? 'OK' : '200', operations.successful);
  for (const { code, count } of errors) {
    const [, number, name] = /^(?:http_(\d+)|grpc_\d+_(\w+))$/.exec(code) ?? [];
    add(number ?? (name === undefined ? '' : camelCase(name)), count);
  }
  return statuses;
}

function errorsOf({ errors }: ResultsDocument): Map<string, number> {
  const found = new Map<string, number>();
  for (const { code, example, count } of errors) {
    const text = example === '' ? code : example;
    found.set(text, (found.get(text) ?? 0) + count);
  }
  return found;
}

function camelCase(name: string): string {
  return name.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

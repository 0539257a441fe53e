import type { CheckEntry, ResultsDocument } from '../results/document/results-document.ts';
import { runNumbers } from './run-numbers.ts';

const STATISTICS = ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)', 'p(99)'];

/** k6's data of `handleSummary`: there a threshold says `ok`, where `--summary-export` says true for one that failed. */
export function toK6(document: ResultsDocument): object {
  const numbers = runNumbers(document);
  const { response, total, failed, receivedBytes, durationNs } = numbers;
  const perSec = (count: number): number => (durationNs === 0 ? 0 : count / (durationNs / 1e9));
  const counter = (count: number) => ({ count, rate: perSec(count) });
  const duration = numbers.isGrpc ? 'grpc_req_duration' : 'http_req_duration';
  const ms = (ns: number): number => ns / 1e6;
  const trend = {
    avg: ms(response.meanNs),
    min: ms(response.minNs),
    med: ms(response.percentileNs(50)),
    max: ms(response.maxNs),
    ...Object.fromEntries([90, 95, 99].map((share) => [`p(${share})`, ms(response.percentileNs(share))])),
  };
  const failures = { rate: total === 0 ? 0 : failed / total, passes: failed, fails: total - failed };
  const of = (isOf: (expr: string) => boolean) => thresholdsOf(document.checks, isOf);
  const isTime = (expr: string): boolean => /^(latency|service_latency|response|service)\./.test(expr);
  const isError = (expr: string): boolean => /error_rate|success_rate/.test(expr);
  return {
    root_group: { name: '', path: '', id: 'd41d8cd98f00b204e9800998ecf8427e', groups: [], checks: [] },
    options: { summaryTrendStats: STATISTICS, summaryTimeUnit: '', noColor: true },
    state: { isStdOutTTY: false, isStdErrTTY: false, testRunDurationMs: durationNs / 1e6 },
    metrics: {
      [duration]: { type: 'trend', contains: 'time', values: trend, ...of(isTime) },
      [numbers.isGrpc ? 'grpc_reqs' : 'http_reqs']: {
        type: 'counter',
        contains: 'default',
        values: counter(total),
      },
      http_req_failed: { type: 'rate', contains: 'default', values: failures, ...of(isError) },
      iterations: {
        type: 'counter',
        contains: 'default',
        values: counter(total),
        ...of((expr) => !isTime(expr) && !isError(expr)),
      },
      dropped_iterations: { type: 'counter', contains: 'default', values: counter(numbers.notSent) },
      data_received: { type: 'counter', contains: 'data', values: counter(receivedBytes) },
    },
  };
}

function thresholdsOf(checks: readonly CheckEntry[], isOf: (expr: string) => boolean) {
  const found = checks.filter(({ expr }) => isOf(expr)).map(({ expr, pass }) => [expr, { ok: pass }]);
  return found.length === 0 ? {} : { thresholds: Object.fromEntries(found) };
}

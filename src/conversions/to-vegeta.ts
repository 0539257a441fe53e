import type { ResultsDocument } from '../results/document/results-document.ts';
import { runNumbers } from './run-numbers.ts';

/** What `vegeta report -type=json` prints; all durations are ns. */
export function toVegeta(document: ResultsDocument): object {
  const { response, total, ok, durationNs, startedMs, ...numbers } = runNumbers(document);
  const time = (ns: number): string => new Date(startedMs + ns / 1e6).toISOString();
  const codes = [...numbers.statuses].map(([status, count]) => [status === '' ? '0' : status, count]);
  return {
    latencies: {
      total: Math.round(response.meanNs * response.count),
      mean: response.meanNs,
      ...Object.fromEntries([50, 90, 95, 99].map((share) => [`${share}th`, response.percentileNs(share)])),
      max: response.maxNs,
      min: response.minNs,
    },
    bytes_in: { total: numbers.receivedBytes, mean: total === 0 ? 0 : numbers.receivedBytes / total },
    bytes_out: { total: 0, mean: 0 },
    earliest: time(0),
    latest: time(durationNs),
    end: time(durationNs),
    duration: durationNs,
    wait: 0,
    requests: total,
    rate: numbers.sentPerSec,
    throughput: numbers.okPerSec,
    success: total === 0 ? 0 : ok / total,
    status_codes: Object.fromEntries(codes),
    errors: [...numbers.errors.keys()],
  };
}

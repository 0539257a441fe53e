import type { ResultsDocument } from '../results/document/results-document.ts';
import { runNumbers } from './run-numbers.ts';

/** What `wrk --latency` prints. */
export function toWrk(document: ResultsDocument): string {
  const { response, total, durationNs, receivedBytes, ...numbers } = runNumbers(document);
  const secs = durationNs / 1e9;
  const rates = document.windows.map(({ ops, width_s }) => ops / width_s);
  const count = (code: RegExp): number =>
    document.errors.filter((error) => code.test(error.code)).reduce((sum, error) => sum + error.count, 0);
  const [timeouts, badStatuses] = [count(/timeout/), count(/^http_[45]/)];
  const others = numbers.failed - timeouts - badStatuses;
  const near = response.buckets
    .filter(({ topNs }) => Math.abs(topNs - response.meanNs) <= response.deviationNs)
    .reduce((sum, bucket) => sum + bucket.count, 0);
  const nearShare = response.count === 0 ? 0 : (100 * near) / response.count;
  const perSec = secs === 0 ? 0 : total / secs;
  const connections =
    numbers.statuses.size === 0 ? 0 : Math.max(1, ...document.windows.map((each) => each.in_flight));
  return [
    `Running ${timeText(durationNs)} test @ ${numbers.url}`,
    `  1 threads and ${connections} connections`,
    '  Thread Stats   Avg      Stdev     Max   +/- Stdev',
    `    Latency   ${cells([response.meanNs, response.deviationNs, response.maxNs].map(timeText))}${percentCell(nearShare)}`,
    `    Req/Sec   ${cells(statisticsOf(rates).map(amountText))}${percentCell(nearOf(rates))}`,
    '  Latency Distribution',
    ...[50, 75, 90, 99].map(
      (share) => `${String(share).padStart(7)}%${timeText(response.percentileNs(share)).padStart(10)}`,
    ),
    `  ${total} requests in ${timeText(durationNs)}, ${bytesText(receivedBytes)} read`,
    ...(timeouts + others > 0
      ? [`  Socket errors: connect 0, read ${others}, write 0, timeout ${timeouts}`]
      : []),
    ...(badStatuses > 0 ? [`  Non-2xx or 3xx responses: ${badStatuses}`] : []),
    `Requests/sec: ${perSec.toFixed(2).padStart(9)}`,
    `Transfer/sec: ${bytesText(secs === 0 ? 0 : receivedBytes / secs).padStart(11)}`,
    '',
  ].join('\n');
}

function statisticsOf(values: readonly number[]): [number, number, number] {
  if (values.length === 0) return [0, 0, 0];
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return [mean, Math.sqrt(variance), Math.max(...values)];
}

function nearOf(values: readonly number[]): number {
  const [mean, deviation] = statisticsOf(values);
  const near = values.filter((value) => Math.abs(value - mean) <= deviation).length;
  return values.length === 0 ? 0 : (100 * near) / values.length;
}

function cells(texts: readonly string[]): string {
  return texts.map((text) => text.padStart(8)).join(' ');
}

function percentCell(percent: number): string {
  return `${percent.toFixed(2)}%`.padStart(10);
}

/** As wrk writes times: two places, in the largest of us, ms, s, m and h that leaves 1. */
function timeText(ns: number): string {
  const units = [
    ['us', 1e3],
    ['ms', 1e6],
    ['s', 1e9],
    ['m', 60e9],
    ['h', 3600e9],
  ] as const;
  const [unit, size] = units.findLast(([, each]) => ns >= each) ?? units[0];
  return `${(ns / size).toFixed(2)}${unit}`;
}

function amountText(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)}M`;
  return value >= 1e3 ? `${(value / 1e3).toFixed(2)}k` : value.toFixed(2);
}

function bytesText(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(3, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(2)}${['B', 'KB', 'MB', 'GB'][power]}`;
}

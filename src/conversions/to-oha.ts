import type { ResultsDocument } from '../results/document/results-document.ts';
import { runNumbers, type TimeSpread } from './run-numbers.ts';

const SHARES = [10, 25, 50, 75, 90, 95, 99, 99.9, 99.99];
const BARS = 10;

/** What `oha --output-format json` prints: seconds, but for `metrics`, which are ms; what is not known is null. */
export function toOha(document: ResultsDocument): object {
  const { response, firstAnswer, total, ok, durationNs, ...numbers } = runNumbers(document);
  const secs = (ns: number): number => ns / 1e9;
  const successRate = total === 0 ? 0 : ok / total;
  const perSec = durationNs === 0 ? 0 : total / secs(durationNs);
  const perRequest = total === 0 ? null : numbers.receivedBytes / total;
  const ms = (share: number): number => response.percentileNs(share) / 1e6;
  const answered = [...numbers.statuses].filter(([status]) => status !== '');
  return {
    summary: {
      successRate,
      total: secs(durationNs),
      slowest: secs(response.maxNs),
      fastest: secs(response.minNs),
      average: secs(response.meanNs),
      requestsPerSec: perSec,
      totalData: numbers.receivedBytes,
      sizePerRequest: perRequest,
      sizePerSec: durationNs === 0 ? null : numbers.receivedBytes / secs(durationNs),
    },
    metrics: {
      success_rate: successRate,
      requests_per_sec: perSec,
      latency_ms: {
        ...{ min: response.minNs / 1e6, mean: response.meanNs / 1e6 },
        ...{ p50: ms(50), p95: ms(95), p99: ms(99), max: response.maxNs / 1e6 },
      },
    },
    responseTimeHistogram: barsOf(response),
    latencyPercentiles: percentilesOf(response),
    firstByteHistogram: barsOf(firstAnswer),
    firstBytePercentiles: percentilesOf(firstAnswer),
    rps: ratesOf(document),
    details: {
      DNSDialup: { average: null, fastest: null, slowest: null },
      DNSLookup: { average: null, fastest: null, slowest: null },
      firstByte: {
        average: secs(firstAnswer.meanNs),
        fastest: secs(firstAnswer.minNs),
        slowest: secs(firstAnswer.maxNs),
      },
    },
    statusCodeDistribution: Object.fromEntries(answered),
    errorDistribution: Object.fromEntries(withoutStatus(document)),
  };
}

/** Errors that no status tells of. */
function withoutStatus({ errors }: ResultsDocument): [string, number][] {
  return errors.filter(({ code }) => !/^(http|grpc)_\d/.test(code)).map(({ code, count }) => [code, count]);
}

function percentilesOf({ count, percentileNs }: TimeSpread): Record<string, number | null> {
  return Object.fromEntries(
    SHARES.map((share) => [`p${share}`, count === 0 ? null : percentileNs(share) / 1e9]),
  );
}

/** Bars of one width, by the lower end of each in seconds. */
function barsOf({ count, minNs, maxNs, buckets }: TimeSpread): Record<string, number> {
  if (count === 0) return {};
  const widthNs = (maxNs - minNs) / BARS || 1;
  const counts = new Array<number>(BARS).fill(0);
  for (const { bottomNs, topNs, count: of } of buckets) {
    const place = Math.floor(((bottomNs + topNs) / 2 - minNs) / widthNs);
    const index = Math.min(BARS - 1, Math.max(0, place));
    counts[index] = (counts[index] ?? 0) + of;
  }
  return Object.fromEntries(counts.map((of, i) => [String((minNs + i * widthNs) / 1e9), of]));
}

/** Of the rates of the windows. */
function ratesOf({ windows }: ResultsDocument): object {
  const rates = windows.map(({ ops, width_s }) => ops / width_s).sort((a, b) => a - b);
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length;
  const at = (share: number): number | null =>
    rates[Math.max(0, Math.ceil((share / 100) * rates.length) - 1)] ?? null;
  return {
    mean: rates.length === 0 ? null : mean,
    stddev: rates.length === 0 ? null : Math.sqrt(variance),
    max: rates.at(-1) ?? null,
    min: rates[0] ?? null,
    percentiles: Object.fromEntries(SHARES.map((share) => [`p${share}`, at(share)])),
  };
}

import type { ResultsDocument } from '../results/document/results-document.ts';
import { runNumbers, type TimeSpread } from './run-numbers.ts';

const BARS = 10;

/** What `ghz -O json` prints: durations in ns, but for the histogram's marks, which are seconds. */
export function toGhz(document: ResultsDocument): object {
  const { response, total, durationNs, startedMs, ...numbers } = runNumbers(document);
  const { stop } = document.summary;
  const statuses = [...numbers.statuses].map(([status, count]) => [
    status === '' ? 'Unknown' : status,
    count,
  ]);
  return {
    endReason: stop === 'end' ? 'normal' : stop === 'interrupted' ? 'cancel' : stop,
    date: new Date(startedMs).toISOString(),
    options: { host: numbers.url, rps: Math.round(numbers.sentPerSec), total, 'count-errors': true },
    count: total,
    total: durationNs,
    average: response.meanNs,
    fastest: response.minNs,
    slowest: response.maxNs,
    rps: numbers.sentPerSec,
    errorDistribution: Object.fromEntries(numbers.errors),
    statusCodeDistribution: Object.fromEntries(statuses),
    latencyDistribution: [10, 25, 50, 75, 90, 95, 99].map((percentage) => ({
      percentage,
      latency: response.percentileNs(percentage),
    })),
    histogram: barsOf(response),
    details: null,
  };
}

/** As ghz has them: bars of one width from the fastest to the slowest, each marked by its upper end. */
function barsOf({ minNs, maxNs, buckets, count: all }: TimeSpread) {
  const widthNs = (maxNs - minNs) / BARS;
  const bars = Array.from({ length: BARS + 1 }, (_, i) => ({
    mark: (minNs + i * widthNs) / 1e9,
    count: 0,
    frequency: 0,
  }));
  for (const { bottomNs, topNs, count } of buckets) {
    const place = widthNs === 0 ? 0 : Math.ceil(((bottomNs + topNs) / 2 - minNs) / widthNs);
    const bar = bars[Math.min(BARS, Math.max(0, place))];
    if (bar !== undefined) bar.count += count;
  }
  for (const bar of bars) bar.frequency = all === 0 ? 0 : bar.count / all;
  return bars;
}

import type { ResultsDocument } from '../results/document/results-document.ts';
import { runNumbers, type TimeSpread } from './run-numbers.ts';

/** What fortio saves and `fortio report` draws: seconds, but for ActualDuration, which is ns. */
export function toFortio(document: ResultsDocument): object {
  const { response, total, durationNs, startedMs, ...numbers } = runNumbers(document);
  const secs = durationNs / 1e9;
  const { planned_operations: planned } = document.summary;
  const senders = Number(document.plan.options['senders'] ?? 1);
  const codes = [...numbers.statuses].map(([status, count]) => [fortioCode(status), count]);
  return {
    RunType: numbers.isGrpc ? 'GRPC' : 'HTTP',
    Labels: document.plan.trace.name,
    StartTime: new Date(startedMs).toISOString(),
    RequestedQPS: secs === 0 ? 'max' : String(Number((planned / secs).toPrecision(6))),
    RequestedDuration: `${Number(secs.toPrecision(6))}s`,
    ActualQPS: numbers.sentPerSec,
    ActualDuration: durationNs,
    NumThreads: Number.isFinite(senders) && senders > 0 ? senders : 1,
    Version: `${document.tool.name} ${document.tool.version}`,
    DurationHistogram: histogramOf(response),
    ErrorsDurationHistogram: null,
    Exactly: 0,
    Jitter: false,
    Uniform: false,
    NoCatchUp: false,
    RunID: 0,
    AccessLoggerInfo: '',
    ID: `${new Date(startedMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}_engram-trace`,
    RetCodes: Object.fromEntries(codes),
    URL: numbers.url,
    Destination: numbers.url,
    BytesSent: 0,
    BytesReceived: numbers.receivedBytes,
  };
}

function fortioCode(status: string): string {
  if (status === '') return '-1';
  return status === 'OK' ? 'SERVING' : status;
}

function histogramOf({ count, minNs, maxNs, meanNs, deviationNs, buckets, percentileNs }: TimeSpread) {
  const secs = (ns: number): number => ns / 1e9;
  let seen = 0;
  const Data = buckets.map(({ bottomNs, topNs, count: Count }) => {
    seen += Count;
    const [Start, End] = [Math.max(bottomNs, minNs), Math.min(topNs, maxNs)].map(secs);
    return { Start, End, Percent: (100 * seen) / count, Count };
  });
  const Percentiles = [50, 75, 90, 95, 99, 99.9].map((Percentile) => ({
    Percentile,
    Value: secs(percentileNs(Percentile)),
  }));
  return {
    Count: count,
    Min: secs(minNs),
    Max: secs(maxNs),
    Sum: secs(meanNs * count),
    Avg: secs(meanNs),
    StdDev: secs(deviationNs),
    Data,
    Percentiles,
  };
}

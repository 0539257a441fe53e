import type { ResultsRecorder } from '../tally/results-recorder.ts';
import type { TargetMetrics } from '../tally/target-metrics.ts';
import type { HistogramsSection } from './histograms-section.ts';
import { finite, NS_PER_MS, percentiles } from './percentiles.ts';
import type { CacheSection, TargetEntry, TargetSection } from './results-document.ts';

/** Makes the section about each of several targets, in the order in which they were given. */
export function targetsSection(
  targets: readonly TargetSection[],
  recorder: Pick<ResultsRecorder, 'targets'>,
  perSecond: (count: number) => number | null,
): TargetEntry[] {
  return targets.map((target, i) => {
    const metrics = recorder.targets.at(i);
    return { ...target, ...numbersOf(metrics, perSecond), cache: cacheSection(metrics) };
  });
}

/** Gives the histograms of each of several targets, by its place, under their names in a document. */
export function targetHistograms(
  targets: number,
  recorder: Pick<ResultsRecorder, 'targets'>,
): Pick<HistogramsSection, 'target_response' | 'target_service'> {
  if (targets === 1) return {};
  const encoded = (name: 'response' | 'service'): Record<string, string> =>
    Object.fromEntries(
      Array.from({ length: targets }, (_, i) => [String(i), recorder.targets.at(i)[name].encode()]),
    );
  return { target_response: encoded('response'), target_service: encoded('service') };
}

function numbersOf(
  { sent, ok, errors, cutOff, cancelled, response, service }: TargetMetrics,
  perSecond: (count: number) => number | null,
) {
  const failed = errors + cutOff;
  return {
    operations: { total: sent, successful: ok, failed, cancelled },
    error_rate: sent > 0 ? failed / sent : null,
    throughput_ops_per_sec: perSecond(ok),
    latency: { overall: percentiles(response, NS_PER_MS) },
    service_latency: { overall: percentiles(service, NS_PER_MS) },
  };
}

/** Makes the section about hits and misses of a cache; all is null where nothing said of any operation which it was. */
export function cacheSection({
  cacheHits: hits,
  cacheMisses: misses,
}: Pick<TargetMetrics, 'cacheHits' | 'cacheMisses'>): CacheSection {
  if (hits + misses === 0) return { hits: null, misses: null, hit_rate_percent: null };
  return { hits, misses, hit_rate_percent: finite((100 * hits) / (hits + misses)) };
}

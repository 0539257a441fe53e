import type { OpWindowEntry, ResultsDocument, WindowEntry } from '../results/document/results-document.ts';
import { decodeHistogram } from '../results/histogram/hdr-library.ts';
import { effectiveCount, lagOneAutocorrelation } from '../statistics/autocorrelation.ts';
import { proportionBounds } from '../statistics/proportion-bounds.ts';
import type { Limit, Metric } from './limit.ts';
import { CONFIDENCE, type Observation } from './observation.ts';
import { observeTimes } from './observe-times.ts';

const FEWEST_ALIKE = 8;

type LatencyMetric = Metric & { kind: 'latency' };
type ShareMetric = Metric & { kind: 'share' };
type AnyWindow = WindowEntry | OpWindowEntry;

/** What the document says of a limit's metric: once, or once for each span of time that the limit is about. */
export function observe({ metric, quantity, scope }: Limit, document: ResultsDocument): Observation[] {
  if (scope.kind === 'whole') {
    if (metric.kind === 'latency') return [wholeTimes(metric, document)];
    if (metric.kind === 'share')
      return [inUnit(wholeShare(metric, document), quantity === 'percent' ? 100 : 1)];
    return [numberAt(metric.path, document)];
  }
  const windows = windowsOf(metric, document);
  if (windows.length === 0) return [{ value: null, why: whyNoWindows(metric) }];
  const widthS = Math.max(...windows.map(({ width_s }) => width_s));
  if (scope.kind !== 'during' && widthS > scope.widthS)
    return [{ value: null, why: `its windows are ${widthS} s wide` }];
  return spansOf(windows, scope).map(({ where, inside }) => {
    if (inside.length === 0)
      return { value: null, why: `none of its windows, which are ${widthS} s wide, begins there`, where };
    const seen =
      metric.kind === 'latency'
        ? observeTimes(histogramsIn(inside), metric.statistic, likenessOf(inside))
        : shareIn(inside, metric as ShareMetric);
    return { ...seen, where };
  });
}

/** A percentile (0 to 1) of the response times of an op in the whole run. */
export function observeWhole(document: ResultsDocument, op: string, quantile: number): Observation {
  return wholeTimes({ kind: 'latency', section: 'response', op, statistic: quantile }, document);
}

function wholeTimes({ section, op, statistic }: LatencyMetric, document: ResultsDocument): Observation {
  const entry = (section === 'response' ? document.latency : document.service_latency)[op];
  // The document has these to the nanosecond; a histogram only to its digits.
  if (statistic === 'max' || statistic === 'min') return numberAt([statistic], entry ?? {});
  const encoded = document.histograms[section][op];
  const likeness = likenessOf(document.windows);
  return observeTimes(encoded === undefined ? [] : [encoded], statistic, likeness);
}

function wholeShare({ of }: ShareMetric, document: ResultsDocument): Observation {
  const { total, successful, failed } = document.operations;
  const { hits, misses } = document.cache;
  if (of === 'hits') return share(hits ?? 0, (hits ?? 0) + (misses ?? 0), 0);
  const likeness = lagOneAutocorrelation(
    document.windows.map(({ errors, ops }) => (ops > 0 ? errors / ops : 0)),
  );
  return share(of === 'errors' ? failed : successful, total, likeness);
}

function shareIn(windows: readonly AnyWindow[], { of }: ShareMetric): Observation {
  const ops = windows.reduce((sum, window) => sum + window.ops, 0);
  const errors = windows.reduce((sum, window) => sum + window.errors, 0);
  return share(of === 'errors' ? errors : ops - errors, ops, 0);
}

function share(hits: number, tries: number, likeness: number): Observation {
  if (tries === 0) return { value: null, why: 'nothing was counted' };
  return {
    value: hits / tries,
    bounds: proportionBounds(hits, tries, CONFIDENCE, effectiveCount(tries, likeness)),
  };
}

function inUnit({ value, bounds, ...rest }: Observation, factor: number): Observation {
  if (value === null || bounds === undefined) return { value, ...rest };
  return { ...rest, value: value * factor, bounds: { low: bounds.low * factor, high: bounds.high * factor } };
}

function numberAt(path: readonly string[], document: object): Observation {
  let value: unknown = document;
  for (const key of path) value = (value as Record<string, unknown> | undefined)?.[key];
  if (typeof value !== 'number') return { value: null, why: 'it was not measured' };
  return { value, bounds: { low: value, high: value } };
}

function windowsOf(metric: Metric, document: ResultsDocument): readonly AnyWindow[] {
  if (metric.kind === 'latency' && metric.op !== 'overall') {
    const ofOps = (document.op_windows ?? {}) as Record<string, OpWindowEntry[]>;
    return Object.hasOwn(ofOps, metric.op) ? (ofOps[metric.op] ?? []) : [];
  }
  return document.windows;
}

function whyNoWindows(metric: Metric): string {
  const isOfOp = metric.kind === 'latency' && metric.op !== 'overall';
  return isOfOp
    ? 'the document has no windows of that op (more than 8 ops, or an older program)'
    : 'no windows';
}

/** How much windows resemble their neighbours, by their medians; of a few of them nothing can be told. */
function likenessOf(windows: readonly AnyWindow[]): number {
  if (windows.length < FEWEST_ALIKE) return 0;
  const medians = windows.map((window) => ('p50' in window ? window.p50 : medianOf(window.histogram)));
  return lagOneAutocorrelation(medians.filter((median) => median !== null));
}

function medianOf(histogram: string | null): number | null {
  return histogram === null ? null : decodeHistogram(histogram).percentileNs(50);
}

function histogramsIn(windows: readonly AnyWindow[]): string[] {
  return windows.map(({ histogram }) => histogram).filter((each) => typeof each === 'string');
}

/** A window belongs to the span that it begins in. */
function spansOf(
  windows: readonly AnyWindow[],
  scope: Exclude<Limit['scope'], { kind: 'whole' }>,
): { where: string; inside: AnyWindow[] }[] {
  if (scope.kind === 'during') {
    const { fromS, toS } = scope;
    const inside = windows.filter(({ start_s }) => start_s >= fromS && start_s < toS);
    return [{ where: `${fromS} s to ${toS} s`, inside }];
  }
  const { widthS } = scope;
  const spans = new Map<number, AnyWindow[]>();
  for (const window of windows) {
    const span = Math.floor(window.start_s / widthS);
    const inside = spans.get(span) ?? [];
    inside.push(window);
    spans.set(span, inside);
  }
  return [...spans].map(([span, inside]) => ({
    where: `${span * widthS} s to ${(span + 1) * widthS} s`,
    inside,
  }));
}

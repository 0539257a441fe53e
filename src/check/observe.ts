import type { OpWindowEntry, ResultsDocument } from '../results/document/results-document.ts';
import { decodeHistogram } from '../results/histogram/hdr-library.ts';
import { effectiveCount, lagOneAutocorrelation } from '../statistics/autocorrelation.ts';
import { proportionBounds } from '../statistics/proportion-bounds.ts';
import type { Limit, Metric } from './limit.ts';
import { CONFIDENCE, type Observation } from './observation.ts';
import { observeDrift } from './observe-drift.ts';
import { observeResource, observeResourceIn } from './observe-resource.ts';
import { observeTimes } from './observe-times.ts';
import { type AnyWindow, spansOfScope, whyNoSpan } from './spans.ts';

const FEWEST_ALIKE = 8;

type LatencyMetric = Metric & { kind: 'latency' };
type ShareMetric = Metric & { kind: 'share' };

/** What the document says of a limit's metric: once, or once for each span of time that the limit is about. */
export function observe(limit: Limit, document: ResultsDocument): Observation[] {
  const { metric, quantity, scope } = limit;
  if (scope.kind === 'whole') {
    if (metric.kind === 'latency') return [wholeTimes(metric, document)];
    if (metric.kind === 'share')
      return [inUnit(wholeShare(metric, document), quantity === 'percent' ? 100 : 1)];
    if (metric.kind === 'drift') return [observeDrift(metric.percentile, document)];
    if (metric.kind === 'resource') return [observeResource({ ...limit, metric }, document)];
    return [numberAt(metric.path, document)];
  }
  const windows = windowsOf(metric, document);
  if (windows.length === 0) return [{ value: null, why: whyNoWindows(metric) }];
  const widthS = Math.max(...windows.map(({ width_s }) => width_s));
  if (scope.kind === 'every' && widthS > scope.widthS)
    return [{ value: null, why: `its windows are ${widthS} s wide` }];
  const spans = spansOfScope(windows, scope, document);
  if (spans.length === 0) return [{ value: null, why: whyNoSpan(limit, document) }];
  return spans.map(({ where, inside }) => {
    if (inside.length > 0) return { ...observeIn(inside, limit, document), where };
    const why =
      scope.kind === 'while'
        ? whyNoSpan(limit, document)
        : `none of its windows, which are ${widthS} s wide, begins there`;
    return { value: null, why, where };
  });
}

function observeIn(windows: readonly AnyWindow[], limit: Limit, document: ResultsDocument): Observation {
  const { metric } = limit;
  if (metric.kind === 'latency')
    return observeTimes(histogramsIn(windows), metric.statistic, likenessOf(windows));
  return metric.kind === 'resource'
    ? observeResourceIn(windows, { ...limit, metric }, document)
    : shareIn(windows, metric as ShareMetric);
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
  if (of === 'completed') {
    // All of the plan were counted, and none of them by chance.
    const value = successful / document.summary.planned_operations;
    return Number.isFinite(value)
      ? { value, bounds: { low: value, high: value } }
      : { value: null, why: 'nothing was planned' };
  }
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

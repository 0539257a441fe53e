import type { ResourceSeries } from '../results/document/resources-section.ts';
import type { ResultsDocument } from '../results/document/results-document.ts';
import type { Bounds } from '../statistics/bounds.ts';
import { meanBounds } from '../statistics/mean-bounds.ts';
import type { Limit, Metric } from './limit.ts';
import { CONFIDENCE, type Observation } from './observation.ts';
import type { AnyWindow } from './spans.ts';

type ResourceMetric = Metric & { kind: 'resource' };

/** With more readings than this share missed, nothing is shown to hold. */
const MOST_MISSED = 0.1;

/** What was read of a series in the whole run. */
export function observeResource(
  { metric, comparison }: Limit & { metric: ResourceMetric },
  document: ResultsDocument,
): Observation {
  const { series: name, statistic } = metric;
  const entry = document.resources?.series[name];
  if (entry === undefined) return { value: null, why: whyNotRead(name, document) };
  const { value, bounds, why } = readValue(entry, statistic, name, document);
  if (value === null || bounds === undefined) return { value: null, why };
  return holed({ value, bounds }, comparison, holeIn(name, document));
}

/** What was not read may have been worse, and not better. */
function holed(
  { value, bounds }: Observation & { bounds: Bounds },
  comparison: Limit['comparison'],
  hole: string | undefined,
): Observation {
  if (hole === undefined) return { value, bounds };
  const open: Bounds = comparison[0] === '<' ? { ...bounds, high: Infinity } : { ...bounds, low: -Infinity };
  return { value, bounds: open, why: hole };
}

/** The mean of a series in some windows. */
export function observeResourceIn(
  windows: readonly AnyWindow[],
  { metric: { series }, comparison }: Limit & { metric: ResourceMetric },
  document: ResultsDocument,
): Observation {
  const values = windows.flatMap((window) => ('resources' in window ? [window.resources?.[series]] : []));
  const seen = values.filter((value) => value !== undefined);
  if (seen.length === 0) {
    const isKnown = Object.hasOwn(document.resources?.series ?? {}, series);
    return { value: null, why: isKnown ? `${series} was not read then` : whyNotRead(series, document) };
  }
  const mean = seen.reduce((sum, each) => sum + each, 0) / seen.length;
  const missing = values.length - seen.length;
  const hole =
    missing > MOST_MISSED * values.length
      ? `${series} was not read in ${missing} of ${values.length} windows`
      : undefined;
  return holed({ value: mean, bounds: { low: mean, high: mean } }, comparison, hole);
}

function readValue(
  entry: ResourceSeries,
  statistic: ResourceMetric['statistic'],
  name: string,
  document: ResultsDocument,
): Observation {
  const exact = (value: number): Observation => ({ value, bounds: { low: value, high: value } });
  if (statistic === 'mean') {
    const values = document.windows.flatMap(({ resources }) => resources?.[name] ?? []);
    const bounds = meanBounds(values, CONFIDENCE);
    return { value: entry.mean, bounds };
  }
  if (statistic !== 'slope_per_hour' && statistic !== 'growth_percent_per_hour')
    return exact(entry[statistic]);
  const { slope, mean } = entry;
  if (slope === null)
    return { value: null, why: `${entry.readings} readings, and a slope needs eight behind the first fifth` };
  const factor = statistic === 'slope_per_hour' ? 1 : mean === 0 ? Number.NaN : 100 / Math.abs(mean);
  if (Number.isNaN(factor)) return { value: null, why: 'its mean is 0' };
  const { per_hour, low_per_hour, high_per_hour } = slope;
  return { value: per_hour * factor, bounds: { low: low_per_hour * factor, high: high_per_hour * factor } };
}

function whyNotRead(name: string, { resources }: ResultsDocument): string {
  const source = name.slice(0, name.indexOf('.'));
  const flag = { process: '--watch-pid', host: '--watch-host' }[source] ?? '--scrape';
  const watched = resources?.watched ?? [];
  if (watched.some((each) => each.name === source)) return 'it could not be read';
  const processes = watched.filter(({ kind }) => kind === 'process').map((each) => each.name);
  if (source !== 'process' || processes.length === 0) return `it was not watched (${flag})`;
  return processes.length === 1
    ? 'it could not be read'
    : `several processes were watched: name one (${processes.join(', ')})`;
}

/** Why not everything is known of a series. */
function holeIn(name: string, { resources }: ResultsDocument): string | undefined {
  const watched = resources?.watched.find((each) => name.startsWith(`${each.name}.`));
  if (watched === undefined) return undefined;
  const { gone_at_s: goneS, readings, missed, target } = watched;
  if (goneS !== null) return `${target} was gone after ${goneS} s`;
  return missed > MOST_MISSED * (readings + missed)
    ? `${missed} of ${readings + missed} readings failed`
    : undefined;
}

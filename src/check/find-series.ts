import { EngramTraceError } from '../error.ts';
import { didYouMean } from '../nearest.ts';
import {
  HOST_METRICS,
  PROCESS_METRICS,
  type ResourceUnit,
  resourceUnitOf,
} from '../results/document/resource-metrics.ts';
import type { ResultsDocument } from '../results/document/results-document.ts';
import type { Metric, ResourceStatistic } from './limit.ts';
import type { Quantity } from './units.ts';

const STATISTICS: readonly ResourceStatistic[] = [
  'min',
  'mean',
  'max',
  'last',
  'slope_per_hour',
  'growth_percent_per_hour',
];

const QUANTITIES: Readonly<Record<ResourceUnit, Quantity>> = {
  percent: 'percent',
  bytes: 'bytes',
  bytes_per_s: 'bytes_rate',
  count: 'count',
  per_s: 'rate',
  ms: 'time',
};

/** Names that mean something also where nothing was watched: then there is no value. */
const ALWAYS_KNOWN = new Set([
  ...PROCESS_METRICS.map((metric) => `process.${metric}`),
  ...HOST_METRICS.map((metric) => `host.${metric}`),
]);

/** What `resources.process.rss_bytes.max` stands for; `resources.` may be left out, and so may the statistic: the mean. */
export function resourceOf(
  path: string,
  document: ResultsDocument,
): { metric: Metric; quantity: Quantity } | undefined {
  const name = path.replace(/^resources\./, '');
  const [, whole = name, last] = /^(.+)\.([a-z_]+)$/s.exec(name) ?? [];
  const statistic = STATISTICS.find((each) => each === last);
  const series = seriesNamed(statistic === undefined ? name : whole, document);
  if (series === undefined) return undefined;
  return {
    metric: { kind: 'resource', series, statistic: statistic ?? 'mean' },
    quantity: statistic === 'growth_percent_per_hour' ? 'percent' : quantityOf(series, document),
  };
}

/** The series of a condition, and the quantity that its value is. Throws `usage` for one that is not there and has to be. */
export function findSeries(
  name: string,
  document: ResultsDocument,
  limit: string,
  mayBeAbsent: boolean,
): { series: string; quantity: Quantity } {
  const series = seriesNamed(name.replace(/^resources\./, ''), document);
  if (series !== undefined) return { series, quantity: quantityOf(series, document) };
  if (mayBeAbsent) return { series: name, quantity: QUANTITIES[resourceUnitOf(name)] };
  const known = seriesIn(document);
  throw new EngramTraceError('usage', `the limit '${limit}': nothing that was watched is named ${name}`, {
    hint:
      known.length === 0
        ? 'nothing was watched: --watch-pid, --watch-host and --scrape of replay and run do'
        : didYouMean(name, known, `there are ${known.slice(0, 5).join(', ')}`),
  });
}

/** All names that `resourceOf` takes. */
export function resourceNames(document: ResultsDocument): string[] {
  return seriesIn(document).flatMap((name) => STATISTICS.map((statistic) => `${name}.${statistic}`));
}

function quantityOf(series: string, document: ResultsDocument): Quantity {
  const { [series]: entry } = document.resources?.series ?? {};
  return QUANTITIES[entry?.unit ?? resourceUnitOf(series)];
}

function seriesIn({ resources }: ResultsDocument): string[] {
  return Object.keys(resources?.series ?? {});
}

/**
 * By its whole name; as `process.X` also where the only process that was watched has another name; and by the name of a
 * metric alone, where only one thing that was watched has it.
 */
function seriesNamed(name: string, document: ResultsDocument): string | undefined {
  const series = seriesIn(document);
  if (series.includes(name)) return name;
  const processes = (document.resources?.watched ?? []).filter(({ kind }) => kind === 'process');
  const [only, ...more] = processes;
  const renamed = name.replace(/^process\./, `${only?.name}.`);
  if (only !== undefined && more.length === 0 && series.includes(renamed)) return renamed;
  if (ALWAYS_KNOWN.has(name)) return name;
  const alike = series.filter((each) => each.slice(each.indexOf('.') + 1) === name);
  return alike.length === 1 ? alike[0] : undefined;
}

import { numberText, sizeText } from '../../inspect/number-text.ts';
import type { ResourceUnit } from '../../results/document/resource-metrics.ts';
import type { ResourceSeries, ResourcesSection } from '../../results/document/resources-section.ts';
import { more } from './more.ts';

/** What is shown of a process and of a machine; the document has the rest. */
const SHOWN = new Set([
  'cpu_percent',
  'rss_bytes',
  'threads',
  'open_files',
  'steal_percent',
  'memory_percent',
  'swap_used_bytes',
  'disk_util_percent',
  'disk_queue',
  'network_percent',
]);
const MOST_SHOWN = 6;
/** A slope is told where chance would hardly make it. */
const SURE = 0.01;

/** A line for each thing that was watched: its means and highest values, and what rises or falls. */
export function resourceLines(resources: ResourcesSection | undefined): string[] {
  if (resources === undefined) return [];
  const { series, watched } = resources;
  return watched.flatMap(({ name, kind, target }) => {
    const own = Object.entries(series).flatMap(([key, entry]) =>
      key.startsWith(`${name}.`) ? [[key.slice(name.length + 1), entry] as const] : [],
    );
    const chosen = kind === 'scrape' ? own : own.filter(([metric]) => SHOWN.has(metric));
    const shown = chosen.slice(0, kind === 'scrape' ? MOST_SHOWN : undefined);
    const texts = shown.map(([metric, entry]) => `${wordsOf(metric)} ${seriesText(entry)}`);
    const title = name === target ? name : `${name} (${target})`;
    return [
      `watched ${title}: ${texts.length === 0 ? 'nothing could be read' : texts.join(', ')}`,
      ...more(chosen.length - shown.length, 'series of it'),
    ];
  });
}

function seriesText({ unit, mean, max, slope }: ResourceSeries): string {
  const isSure =
    slope !== null && slope.p < SURE && Math.sign(slope.low_per_hour) === Math.sign(slope.high_per_hour);
  const sign = slope !== null && slope.per_hour > 0 ? '+' : '-';
  const trend = isSure ? `, ${sign}${valueText(Math.abs(slope.per_hour), unit)} an hour` : '';
  return `${valueText(mean, unit)} (max ${valueText(max, unit)}${trend})`;
}

function valueText(value: number, unit: ResourceUnit): string {
  if (unit === 'bytes') return sizeText(value);
  if (unit === 'bytes_per_s') return `${sizeText(value)}/s`;
  const suffix = { percent: ' %', per_s: '/s', ms: ' ms', count: '' }[unit];
  return `${numberText(value)}${suffix}`;
}

function wordsOf(metric: string): string {
  return metric.replace(/_(?:percent|bytes)$/, '').replaceAll('_', ' ');
}

import type {
  ResourceSeries,
  ResourceSlope,
  ResourcesSection,
  WatchedEntry,
} from '../results/document/resources-section.ts';
import { trendOf } from '../statistics/trend.ts';
import { warmUpS } from '../statistics/warm-up.ts';
import type { SeriesData } from './series.ts';
import type { WatchedTarget } from './watch-messages.ts';
import { labelOf, type WatchTarget } from './watch-target.ts';

/** When a run was, in ns of the monotonic clock. */
export interface RunTime {
  readonly startNs: number;
  readonly endNs: number;
}

/** A span of a run, in seconds after its start. */
export interface SpanOfRun {
  readonly start_s: number;
  readonly width_s: number;
}

const INTERVAL_S = 1;
/** Many servers are watched, and a leak that is none costs somebody a day. */
const CONFIDENCE = 0.99;
const NS_PER_HOUR = 3600e9;

interface Named {
  readonly name: string;
  readonly data: SeriesData;
}

/** What was watched during a run, as a document has it, and its means in each of the run's windows. */
export class ResourcesOf {
  readonly #targets: readonly WatchTarget[];
  readonly #watched: readonly WatchedTarget[];
  readonly #run: RunTime;
  readonly #series: readonly Named[];

  constructor(targets: readonly WatchTarget[], watched: readonly WatchedTarget[], run: RunTime) {
    this.#targets = targets;
    this.#watched = watched;
    this.#run = run;
    this.#series = watched.flatMap(({ series }, i) =>
      series.map((data) => ({ name: `${targets[i]?.name}.${data.metric}`, data: during(data, run) })),
    );
  }

  section(): ResourcesSection {
    const seen = this.#series.filter(({ data }) => data.values.length > 0);
    return {
      interval_s: INTERVAL_S,
      watched: this.#targets.map((target, i) => this.#entry(target, this.#watched[i] as WatchedTarget)),
      series: Object.fromEntries(seen.map(({ name, data }) => [name, seriesEntry(data, this.#run)])),
    };
  }

  /** The mean of each series in a window; without those that were not read in it. */
  inWindow({ start_s, width_s }: SpanOfRun): Record<string, number> {
    const fromNs = this.#run.startNs + start_s * 1e9;
    const means = this.#series.flatMap(({ name, data }) => {
      const value = meanBetween(data, fromNs, fromNs + width_s * 1e9);
      return value === undefined ? [] : [[name, short(value)] as const];
    });
    return Object.fromEntries(means);
  }

  #entry(target: WatchTarget, watched: WatchedTarget): WatchedEntry {
    const { readings, missed, lastError, goneAtNs, leftOut } = watched;
    const goneS = goneAtNs === undefined ? null : (goneAtNs - this.#run.startNs) / 1e9;
    return {
      name: target.name,
      kind: target.kind,
      target: labelOf(target),
      readings,
      missed,
      last_error: lastError ?? null,
      gone_at_s: goneS === null ? null : Math.max(0, short(goneS)),
      series_left_out: leftOut,
    };
  }
}

/** What was read while the load ran: before, the program itself made itself ready. */
function during(data: SeriesData, { startNs, endNs }: RunTime): SeriesData {
  const { atNs, values } = data;
  const from = lowerBound(atNs, startNs);
  // The last reading is taken when the run has ended.
  const to = lowerBound(atNs, endNs + INTERVAL_S * 1e9);
  const cut = (column: Float64Array): Float64Array => column.subarray(from, to);
  return {
    ...{ metric: data.metric, unit: data.unit, atNs: cut(atNs), values: cut(values) },
    ...{ lows: cut(data.lows), highs: cut(data.highs), counts: cut(data.counts) },
    last: to === values.length ? data.last : (values[to - 1] ?? Number.NaN),
  };
}

function seriesEntry(data: SeriesData, run: RunTime): ResourceSeries {
  const { unit, atNs, values, lows, highs, counts, last } = data;
  return {
    unit,
    readings: counts.reduce((total, each) => total + each, 0),
    min: short(lows.reduce((a, b) => Math.min(a, b))),
    mean: short(meanOf(data, 0, values.length)),
    max: short(highs.reduce((a, b) => Math.max(a, b))),
    last: short(last),
    slope: slopeOf(atNs, values, run),
  };
}

function slopeOf(
  atNs: Float64Array,
  values: Float64Array,
  { startNs, endNs }: RunTime,
): ResourceSlope | null {
  const warmNs = startNs + warmUpS((endNs - startNs) / 1e9) * 1e9;
  const points = Array.from(values, (value, i) => ({ at: (atNs[i] as number) - startNs, value }));
  const trend = trendOf(points.slice(lowerBound(atNs, warmNs)), CONFIDENCE);
  if (trend === undefined) return null;
  const { slope, bounds, p } = trend;
  return {
    per_hour: short(slope * NS_PER_HOUR),
    low_per_hour: short(bounds.low * NS_PER_HOUR),
    high_per_hour: short(bounds.high * NS_PER_HOUR),
    p: short(p),
  };
}

function meanBetween(data: SeriesData, fromNs: number, toNs: number): number | undefined {
  const [from, to] = [lowerBound(data.atNs, fromNs), lowerBound(data.atNs, toNs)];
  return from === to ? undefined : meanOf(data, from, to);
}

/** The mean of the readings of some points. */
function meanOf({ values, counts }: SeriesData, from: number, to: number): number {
  let [sum, readings] = [0, 0];
  for (let i = from; i < to; i += 1) {
    sum += (values[i] as number) * (counts[i] as number);
    readings += counts[i] as number;
  }
  return sum / readings;
}

/** The place of the first time that is not before. */
function lowerBound(times: Float64Array, ns: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < ns) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Six digits are more than readings have, and keep documents small. */
function short(value: number): number {
  return Number(value.toPrecision(6));
}

import { isoTime } from '../iso-time.ts';
import type { Gap, Loss, TimeWindow, TraceHeader } from '../trace/record/record.ts';
import { ARRIVAL_BIN_NS, createBinOf, estimateSessions, SKETCH_SIZE } from '../trace/stats/block-stats.ts';
import { coefficientOfVariation, mean, percentile } from '../trace/stats/distribution.ts';
import type { Distribution, OpStats, Totals } from '../trace/stats/trace-index.ts';
import { type BusiestWindows, busiestWindows, type Timeline } from './busiest-windows.ts';
import { cutCommand } from './cut-command.ts';

/** What is in a trace, ready to be printed as JSON: units in the names, null where nothing is known. */
export interface TraceSummary {
  name: string;
  format: string;
  /** Whether the numbers were read from the file's index or counted from the records. */
  counted_from: 'index' | 'records';
  size_bytes: number | null;
  raw_bytes: number;
  blocks: number | null;
  origin: OriginSummary;
  window: SpanSummary | null;
  recorded: SpanSummary | null;
  records: number;
  rate_per_s: number | null;
  protocols: { http: number; grpc: number; grpc_streams: number };
  sessions: number;
  /** False: `sessions` is an estimate with a standard error of about 6 %. */
  sessions_exact: boolean;
  ops: OpSummary[];
  spaces: { space: string; count: number; rate_per_s: number | null }[];
  inter_arrival_us: InterArrivalSummary | null;
  burstiness: BurstSummary | null;
  /** Arrivals per step, from `start` on; null where there are none. */
  timeline: { start: string | null; step_s: number; counts: number[] };
  /** Hours and minutes, or seconds, with the most arrivals, and the command that cuts each out. */
  busiest: (Omit<BusiestWindows, 'windows'> & { windows: BusyWindow[] })[];
  loss: Record<string, number>;
  gaps: (SpanSummary & { reason: string })[];
  notes: string[];
  warnings: string[];
}

export type BusyWindow = BusiestWindows['windows'][number] & { command: string | null };

export interface OriginSummary {
  format_version: number;
  tool: string;
  source: string;
  run_id: string;
  dialect: string;
  authorities: string[];
  redacted: string[];
  resolution_ns: number;
  sorted: boolean;
}

export interface SpanSummary {
  start: string;
  end: string;
  duration_s: number;
}

export interface OpSummary {
  op: string;
  count: number;
  rate_per_s: number | null;
  failed: number;
  cancelled: number;
  request_bytes: number;
  response_bytes: number;
  /** Of the recorded durations; null where none is known. */
  latency_ms: Record<'min' | 'mean' | 'p50' | 'p90' | 'p99' | 'p99.9' | 'max', number> | null;
}

export interface InterArrivalSummary {
  /** First to last start over one fewer than the records: exact whatever the blocks. */
  mean: number;
  p50: number;
  p99: number;
  max: number;
  cv: number | null;
  /** False where blocks overlap: all but the mean are then of the gaps inside each block only. */
  exact: boolean;
}

export interface BurstSummary {
  /** Variance over mean of the arrivals in windows of 10 ms and 100 ms: 1 for a Poisson process, more for bursts. */
  dispersion_10ms: number | null;
  dispersion_100ms: number | null;
  peak_per_s: number;
  peak_over_mean: number;
  /** Width of the steps among which the peak was looked for. */
  step_s: number;
}

export interface SummaryInput {
  name: string;
  format: string;
  header: TraceHeader;
  /** `sessions` where they were counted one by one; an index has the estimate of a sketch. */
  totals: Totals & { sessions?: number | undefined };
  loss: Loss;
  countedFrom: 'index' | 'records';
  sizeBytes?: number | undefined;
  blocks?: number | undefined;
  warnings: readonly string[];
}

/** Computes the summary from the totals alone, so it takes the same time for any size of trace. */
export function summarizeTrace(input: SummaryInput): TraceSummary {
  const { header, totals } = input;
  const { stats } = totals;
  const spanNs = spanOf(header, totals);
  const toSpan = (window: TimeWindow) => spanSummary(header, window);
  const rate = (count: number) => (spanNs > 0 ? count / (spanNs / 1e9) : null);
  const recorded = { startNs: totals.firstStartNs, endNs: totals.lastStartNs };
  return {
    name: input.name,
    format: input.format,
    counted_from: input.countedFrom,
    size_bytes: input.sizeBytes ?? null,
    raw_bytes: totals.rawBytes,
    blocks: input.blocks ?? null,
    origin: originSummary(header),
    window: header.window === undefined ? null : toSpan(header.window),
    recorded: totals.records === 0 ? null : toSpan(recorded),
    records: totals.records,
    rate_per_s: rate(totals.records),
    protocols: { http: stats.httpRecords, grpc: stats.grpcRecords, grpc_streams: stats.grpcStreams },
    sessions: totals.sessions ?? estimateSessions(stats),
    sessions_exact: totals.sessions !== undefined || stats.sessionHashes.length < SKETCH_SIZE,
    ops: byCount([...stats.ops].map(([op, of]) => opSummary(op, of, rate(of.count)))),
    spaces: byCount([...stats.spaces].map(([space, count]) => ({ space, count, rate_per_s: rate(count) }))),
    inter_arrival_us: gapSummary(totals),
    burstiness: burstSummary(totals),
    timeline: timelineSummary(timelineOf(header, totals)),
    busiest: busiestSummary(input),
    loss: lossSummary(input.loss),
    gaps: header.gaps.map((gap: Gap) => ({ ...toSpan(gap), reason: gap.reason })),
    notes: header.notes,
    warnings: [...input.warnings],
  };
}

/** Its steps are counted in bins of Unix time: the first of them begins a little before the first start. */
function timelineOf(header: TraceHeader, { firstStartNs, timeline, timelineStepNs }: Totals): Timeline {
  const bin = createBinOf(header.epochUnixNs)(firstStartNs);
  return { startUnixNs: BigInt(bin) * BigInt(ARRIVAL_BIN_NS), stepNs: timelineStepNs, counts: timeline };
}

function timelineSummary({ startUnixNs, stepNs, counts }: Timeline): TraceSummary['timeline'] {
  return {
    start: counts.length === 0 ? null : isoTime(startUnixNs),
    step_s: stepNs / 1e9,
    counts: [...counts],
  };
}

function busiestSummary(input: SummaryInput): TraceSummary['busiest'] {
  return busiestWindows(timelineOf(input.header, input.totals)).map(({ width_s, windows }) => ({
    width_s,
    windows: windows.map((each) => ({ ...each, command: cutCommand(input, each.start, width_s) })),
  }));
}

/** The losses with names in snake case, as in all JSON of this program. */
export function lossSummary(loss: Loss): Record<string, number> {
  const entries = Object.entries(loss) as [string, number][];
  return Object.fromEntries(
    entries.map(([key, count]) => [key.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), count]),
  );
}

/** Rates are over the window that was asked for; over first to last start where there is none. */
function spanOf(header: TraceHeader, totals: Totals): number {
  const window = header.window ?? { startNs: totals.firstStartNs, endNs: totals.lastStartNs };
  return totals.records === 0 ? 0 : window.endNs - window.startNs;
}

function spanSummary(header: TraceHeader, { startNs, endNs }: TimeWindow): SpanSummary {
  const at = (ns: number) => isoTime(header.epochUnixNs + BigInt(ns), 9);
  return { start: at(startNs), end: at(endNs), duration_s: (endNs - startNs) / 1e9 };
}

function originSummary(header: TraceHeader): OriginSummary {
  return {
    format_version: header.formatVersion,
    tool: header.tool,
    source: header.source,
    run_id: header.runId,
    dialect: header.dialect,
    authorities: header.origins,
    redacted: header.redacted,
    resolution_ns: header.resolutionNs,
    sorted: header.sorted,
  };
}

function opSummary(op: string, stats: OpStats, ratePerSec: number | null): OpSummary {
  return {
    op,
    count: stats.count,
    rate_per_s: ratePerSec,
    failed: stats.failed,
    cancelled: stats.cancelled,
    request_bytes: stats.requestBytes,
    response_bytes: stats.responseBytes,
    latency_ms: latencySummary(stats.duration),
  };
}

function latencySummary(duration: Distribution): OpSummary['latency_ms'] {
  if (duration.count === 0) return null;
  const at = (percent: number) => (percentile(duration, percent) ?? 0) / 1e6;
  return {
    min: duration.min / 1e6,
    mean: (mean(duration) ?? 0) / 1e6,
    p50: at(50),
    p90: at(90),
    p99: at(99),
    'p99.9': at(99.9),
    max: duration.max / 1e6,
  };
}

function gapSummary(totals: Totals): InterArrivalSummary | null {
  const { gaps } = totals.stats;
  if (gaps.count === 0) return null;
  const at = (percent: number) => (percentile(gaps, percent) ?? 0) / 1e3;
  return {
    mean: (totals.lastStartNs - totals.firstStartNs) / (totals.records - 1) / 1e3,
    p50: at(50),
    p99: at(99),
    max: gaps.max / 1e3,
    cv: coefficientOfVariation(gaps) ?? null,
    exact: gaps.count === totals.records - 1,
  };
}

function burstSummary(totals: Totals): BurstSummary | null {
  const { timeline, timelineStepNs } = totals;
  if (timeline.length < 2 || timelineStepNs <= 0) return null;
  const stepS = timelineStepNs / 1e9;
  // A peak of 10 ms is chance; a peak of a second is load.
  const wantedS = timeline.length * stepS >= 10 ? 1 : 0.1;
  const perPeak = Math.max(1, Math.round(wantedS / stepS));
  const peaks: number[] = [];
  for (let i = 0; i < timeline.length; i += perPeak) peaks.push(sumOf(timeline.slice(i, i + perPeak)));
  const peakPerSec = Math.max(...peaks) / (perPeak * stepS);
  return {
    dispersion_10ms: finiteOrNull(totals.dispersion10Ms),
    dispersion_100ms: finiteOrNull(totals.dispersion100Ms),
    peak_per_s: peakPerSec,
    peak_over_mean: peakPerSec / (sumOf(timeline) / (timeline.length * stepS)),
    step_s: perPeak * stepS,
  };
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function byCount<T extends { count: number }>(rows: T[]): T[] {
  return rows.sort((a, b) => b.count - a.count);
}

import type { ReplayEnd } from '../replay/engine/replay-end.ts';
import type { Gap, Loss, TimeWindow } from '../trace/record/record.ts';
import type { ErrorGroup } from './answers/error-groups.ts';
import type { CaptureLossSection } from './document/capture-loss-section.ts';
import { endlessHistograms, endlessSection } from './document/endless-section.ts';
import { headerCountsSection } from './document/header-counts-section.ts';
import type { HistogramsSection } from './document/histograms-section.ts';
import { isMade } from './document/is-made.ts';
import {
  finite,
  flatLatencies,
  latencySection,
  NS_PER_MS,
  NS_PER_US,
  percentiles,
  scaled,
} from './document/percentiles.ts';
import type {
  AnswerCounts,
  ErrorEntry,
  HostSection,
  OperationCounts,
  OpWindowEntry,
  PlanSection,
  PreloadSection,
  PrepareSection,
  ResultsDocument,
  SummarySection,
  TargetSection,
  WindowEntry,
} from './document/results-document.ts';
import { statusClassesSection } from './document/status-classes-section.ts';
import { streamHistograms, streamsSection } from './document/streams-section.ts';
import { cacheSection, targetHistograms, targetsSection } from './document/targets-section.ts';
import type { GeneratorHealth } from './health/generator-health.ts';
import type { Histogram } from './histogram/histogram.ts';
import { ENDLESS_HISTOGRAM_NAMES } from './tally/endless-metrics.ts';
import { HISTOGRAM_NAMES, type OpMetrics } from './tally/op-metrics.ts';
import type { ResultsRecorder } from './tally/results-recorder.ts';
import { STREAM_HISTOGRAM_NAMES } from './tally/stream-metrics.ts';
import type { WindowCounts } from './tally/windows.ts';
import { type CaptureGaps, captureGaps } from './verdict/capture-gaps.ts';
import { fidelitySection } from './verdict/fidelity.ts';
import { judgeRun, type RunLimits } from './verdict/run-limits.ts';

export interface DocumentInput {
  tool: { name: string; version: string };
  plan: PlanSection;
  /** Where sessions went: one target, or several. */
  targets: readonly [TargetSection, ...TargetSection[]];
  /** Wall clock at the start, Unix ms. */
  startedMs: number;
  recorder: ResultsRecorder;
  end: ReplayEnd;
  health: GeneratorHealth;
  loss: Loss;
  gaps: readonly Gap[];
  /** The window of the trace that the gaps lie in. */
  window: TimeWindow | undefined;
  host: HostSection;
  prepare?: PrepareSection | undefined;
  limits?: RunLimits | undefined;
  preload?: PreloadSection | undefined;
  /** The name of the header that answers were counted by. */
  countByHeader?: string | undefined;
  /** Command that prints a record of the trace. */
  recordCommand(recordNumber: number): string;
}

const NS_PER_S = 1e9;

/** Makes the results document of a replay that has ended; it holds only finite numbers, strings, booleans and null. */
export function createResultsDocument(input: DocumentInput): ResultsDocument {
  const { recorder } = input;
  const { overall, ops } = recorder;
  const summary = summarySection(input);
  const cache = cacheSection(recorder);
  const gaps = captureGaps(input.gaps, input.window);
  const perOp = <T>(count: (metrics: OpMetrics) => T): Record<string, T> =>
    Object.fromEntries(ops.entries().map(([op, metrics]) => [op, count(metrics)]));
  const section = (name: (typeof HISTOGRAM_NAMES)[number]) => latencySection(overall, ops, name, NS_PER_MS);
  const latency = Object.assign(section('response'), flatLatencies(overall.response));
  return {
    schema_version: 1,
    tool: input.tool,
    plan: input.plan,
    target: input.targets[0],
    ...(input.targets.length > 1
      ? { targets: targetsSection(input.targets, recorder, perSecondOf(recorder)) }
      : {}),
    timestamp: new Date(input.startedMs).toISOString(),
    closed_loop: isClosedLoop(input.plan),
    summary,
    operations: { ...operationCounts(overall), ops: perOp(operationCounts) },
    throughput_ops_per_sec: summary.throughput_ops_sec,
    latency,
    service_latency: section('service'),
    first_answer_latency: section('firstAnswer'),
    recorded_latency: section('recorded'),
    send_error_us: percentiles(overall.sendError, NS_PER_US),
    streams: streamsSection(recorder),
    endless_answers: endlessSection(recorder),
    answers: { overall: answerCounts(overall), ops: perOp(answerCounts) },
    status_classes: statusClassesSection(recorder),
    cache,
    ...(input.countByHeader === undefined
      ? {}
      : { counted_by_header: headerCountsSection(input.countByHeader, recorder) }),
    errors: recorder.errors.list().map((group) => errorEntry(group, input)),
    windows: recorder.windows.list().map(windowEntry),
    op_windows: Object.fromEntries(
      recorder.opWindows.entries().map(([key, windows]) => [key, windows.map(opWindowEntry)]),
    ),
    ...judgeRun(input.limits ?? {}, { latency, summary, cache }),
    fidelity: fidelitySection({
      ...input,
      captureGaps: gaps,
      resolutionNs: input.plan.trace.timestamp_resolution_ns,
      traceWarnings: input.plan.trace.warnings,
      hasSchedule: input.plan.options['timing'] !== 'asap',
      keepsOrder: input.plan.options['order'] !== 'open',
      expectedMismatch: Number(input.plan.options['expect_mismatch'] ?? 0),
    }),
    capture_loss: captureLoss(input.loss, gaps),
    histograms: { ...histogramsSection(recorder), ...targetHistograms(input.targets.length, recorder) },
    notes: [],
    prepare: input.prepare ?? null,
    preload: input.preload ?? null,
    chaos: null,
    replay_log: null,
    host: input.host,
  };
}

function isClosedLoop({ options }: PlanSection): boolean {
  return options['timing'] === 'clients';
}

function operationCounts({ sent, ok, errors, cutOff, cancelled }: OpMetrics): OperationCounts {
  return { total: sent, successful: ok, failed: errors + cutOff, cancelled };
}

function answerCounts({ sent, same, other }: OpMetrics): AnswerCounts {
  return { same, other, unknown: sent - same - other };
}

function summarySection({ recorder, end }: DocumentInput): SummarySection {
  const { overall } = recorder;
  const durationNs = durationOf(recorder);
  const perSecond = perSecondOf(recorder);
  const failed = overall.errors + overall.cutOff;
  return {
    total_operations: overall.sent,
    planned_operations: end.accounting.planned,
    duration_secs: durationNs > 0 ? scaled(durationNs, 1e9) : null,
    throughput_ops_sec: perSecond(overall.ok),
    sent_ops_sec: perSecond(overall.sent),
    error_rate: overall.sent > 0 ? failed / overall.sent : null,
    without_answer: overall.sent - recorder.answered,
    status_mismatches: recorder.statusMismatches,
    status_class_mismatch_rate: finite(overall.statuses.mismatchShare),
    response_bytes: recorder.responseBytes,
    stop: end.stop,
  };
}

function durationOf({ firstDueNs, lastDoneNs }: ResultsRecorder): number {
  return firstDueNs === undefined || lastDoneNs === undefined ? 0 : lastDoneNs - firstDueNs;
}

function perSecondOf(recorder: ResultsRecorder): (count: number) => number | null {
  const secs = durationOf(recorder) / 1e9;
  return (count) => (secs > 0 ? finite(count / secs) : null);
}

function errorEntry(group: ErrorGroup, { recordCommand, plan }: DocumentInput): ErrorEntry {
  const { code, op, count, asRecorded, firstRecord, example } = group;
  return {
    code,
    op,
    count,
    as_recorded: asRecorded,
    // What `run` made is in no file.
    first_record:
      firstRecord === undefined || isMade(plan)
        ? null
        : { number: firstRecord, command: recordCommand(firstRecord) },
    example,
  };
}

function windowEntry(window: WindowCounts): WindowEntry {
  const { startS, widthS, ops, errors, inFlight, response, sendError } = window;
  return {
    start_s: startS,
    width_s: widthS,
    ops,
    errors,
    p50: scaled(response.percentileNs(50), NS_PER_MS),
    p99: scaled(response.percentileNs(99), NS_PER_MS),
    max: scaled(response.maxNs, NS_PER_MS),
    in_flight: inFlight,
    send_error_p99_us: scaled(sendError.percentileNs(99), NS_PER_US),
    histogram: histogramOf(response),
  };
}

function opWindowEntry({ startS, widthS, ops, errors, response }: WindowCounts): OpWindowEntry {
  return { start_s: startS, width_s: widthS, ops, errors, histogram: histogramOf(response) };
}

function histogramOf(histogram: Histogram): string | null {
  return histogram.count === 0 ? null : histogram.encode();
}

function captureLoss(loss: Loss, gaps: CaptureGaps): CaptureLossSection {
  return {
    records_dropped: loss.recordsDropped,
    bodies_truncated: loss.bodiesTruncated,
    body_bytes_truncated: loss.bodyBytesTruncated,
    records_sampled_out: loss.recordsSampledOut,
    records_late: loss.recordsLate,
    blocks_damaged: loss.blocksDamaged,
    records_damaged: loss.recordsDamaged,
    connections_unfollowed: loss.connectionsUnfollowed,
    bytes_unfollowed: loss.bytesUnfollowed,
    segments_incomplete: loss.segmentsIncomplete,
    gaps: gaps.count,
    gaps_secs: scaled(gaps.totalNs, NS_PER_S) ?? 0,
    gaps_share: finite(gaps.share),
  };
}

function histogramsSection(recorder: ResultsRecorder): HistogramsSection {
  const { overall, ops } = recorder;
  const perOp = (pick: (metrics: OpMetrics) => Histogram): Record<string, string> => ({
    overall: pick(overall).encode(),
    ...Object.fromEntries(ops.entries().map(([key, metrics]) => [key, pick(metrics).encode()])),
  });
  const total = (pick: (histogram: Histogram) => number): number =>
    histogramsOf(overall).reduce((sum, histogram) => sum + pick(histogram), 0);
  return {
    unit: 'ns',
    clamped_below: total((histogram) => histogram.clampedBelow),
    clamped_above: total((histogram) => histogram.clampedAbove),
    response: perOp((metrics) => metrics.response),
    service: perOp((metrics) => metrics.service),
    recorded: perOp((metrics) => metrics.recorded),
    send_error: perOp((metrics) => metrics.sendError),
    lateness: { overall: overall.lateness.encode() },
    gate_wait: { overall: overall.gateWait.encode() },
    first_answer: { overall: overall.firstAnswer.encode() },
    ...streamHistograms(recorder),
    ...endlessHistograms(recorder),
  };
}

function histogramsOf(metrics: OpMetrics): Histogram[] {
  const { stream, endless } = metrics;
  return [
    ...HISTOGRAM_NAMES.map((name) => metrics[name]),
    ...(stream === undefined ? [] : STREAM_HISTOGRAM_NAMES.map((name) => stream[name])),
    ...(endless === undefined ? [] : ENDLESS_HISTOGRAM_NAMES.map((name) => endless[name])),
  ];
}

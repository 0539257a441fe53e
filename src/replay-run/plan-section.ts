import { createHash } from 'node:crypto';
import { isoTime } from '../iso-time.ts';
import { paceText } from '../replay/plan/pace.ts';
import type { ReplayOptions } from '../replay/replay-options.ts';
import type { PlanNearness } from '../results/arrivals/plan-nearness.ts';
import type { PlanSection } from '../results/document/results-document.ts';
import type { Trace } from '../trace/trace.ts';
import type { TimePoint } from '../transforms/time-range.ts';
import { shardCount } from './create-player.ts';
import type { RunOptions } from './options/run-options.ts';
import { targetCount } from './target/targets.ts';
import { DEFAULT_TRANSPORT } from './target/transport-choice.ts';

/**
 * Makes the section that says what was planned: the trace, the options in force, and a digest of both, by which two
 * results can be compared.
 */
export function planSection(
  run: RunOptions,
  options: ReplayOptions,
  traceDigest: string,
  nearness: PlanNearness | null = null,
): PlanSection {
  const shown = shownOptions(run, options);
  // How it is played, and judged, does not make it another plan.
  const {
    senders: _senders,
    targets: _targets,
    count_by_header: _countByHeader,
    shard: _shard,
    transport: _transport,
    precision: _precision,
    expect_mismatch: _,
    ...plan
  } = shown;
  const digest = createHash('sha256')
    .update(`${traceDigest}\n${JSON.stringify(plan)}`)
    .digest('hex');
  return {
    digest,
    trace: traceSection(run.trace, traceDigest),
    options: shown,
    seed: run.closedLoop?.seed ?? run.traceSeed ?? (options.copies > 1 ? options.seed : null),
    nearness,
  };
}

function traceSection(trace: Trace, digest: string): PlanSection['trace'] {
  const { header } = trace;
  return {
    name: trace.name,
    format: trace.format,
    digest,
    source: header.source,
    dialect: header.dialect,
    epoch: isoTime(header.epochUnixNs, 9),
    timestamp_resolution_ns: header.resolutionNs,
    warnings: [...trace.warnings],
  };
}

function shownOptions(run: RunOptions, options: ReplayOptions): PlanSection['options'] {
  const { timing } = options;
  const seconds = (ns: number | undefined): number | null => (ns === undefined ? null : ns / 1e9);
  return {
    rate_multiplier: options.multiplier,
    timing: timing.kind === 'rate' ? `rate=${timing.perSec}` : timing.kind,
    pace: options.pace.length === 0 ? null : paceText(options.pace),
    precision: options.precision,
    copies: options.copies,
    upscale: options.upscale,
    copy_spread_secs: options.copies > 1 ? seconds(options.copySpreadNs) : null,
    order: options.order,
    behind: options.behind,
    loop: Number.isFinite(options.loops) ? options.loops : null,
    max_gap_secs: seconds(options.maxGapNs),
    from: pointText(run.range?.from),
    to: pointText(run.range?.to),
    duration_secs: seconds(run.range?.durationNs),
    limit: run.range?.limit ?? null,
    only: run.only ?? null,
    dangerous: run.includeDangerous ? null : (run.dangerous ?? []).join('\n'),
    max_in_flight: options.maxInFlight,
    timeout_secs: seconds(options.timeoutNs),
    gate_timeout_secs: seconds(options.gateTimeoutNs),
    drain_secs: seconds(options.drainNs),
    connections: run.connections ?? 'pooled',
    shard: options.shard === undefined ? null : `${options.shard.index}/${options.shard.of}`,
    senders: shardCount(run.senders, options, run.connections),
    targets: targetCount(run),
    transport: typeof run.transport === 'object' ? 'own' : (run.transport ?? DEFAULT_TRANSPORT),
    skip_damaged: run.skipDamaged ?? false,
    count_by_header: run.countByHeader ?? null,
    expect_mismatch: run.expectMismatch ?? 0,
    ...run.closedLoop?.shown,
    ...run.chaos?.shown,
  };
}

function pointText(point: TimePoint | undefined): string | null {
  if (point === undefined) return null;
  return 'offsetNs' in point ? `${point.offsetNs / 1e9}s` : isoTime(point.unixNs, 9);
}

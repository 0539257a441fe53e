import { distributionDistance } from '../arrivals/distance.ts';
import type { CauseEntry, FidelitySection, WaitEntry } from '../document/fidelity-section.ts';
import {
  finite,
  latencySection,
  NS_PER_MS,
  NS_PER_US,
  percentiles,
  scaled,
} from '../document/percentiles.ts';
import type { GeneratorHealth } from '../health/generator-health.ts';
import { WAIT_NAMES, type WaitName } from '../tally/lateness-attribution.ts';
import type { LatenessCause } from '../tally/lateness-causes.ts';
import {
  accountingAgrees,
  type FidelityInput,
  fidelityFindings,
  keepaliveShare,
} from './fidelity-findings.ts';
import { verdictOf } from './verdict.ts';

const NS_PER_S = 1e9;

/** Makes the section that proves, or disproves, that the generator did what it planned. */
export function fidelitySection(input: FidelityInput): FidelitySection {
  const { recorder, end, health } = input;
  const { planned, sent } = recorder;
  const distance = distributionDistance(planned.gaps, sent.gaps);
  const findings = fidelityFindings(input, distance);
  return {
    verdict: verdictOf(findings),
    reasons: findings.map(({ reason }) => reason),
    ...counts(input),
    send_error_us: latencySection(recorder.overall, recorder.ops, 'sendError', NS_PER_US),
    lateness_us: latencySection(recorder.overall, recorder.ops, 'lateness', NS_PER_US),
    gate_wait_us: latencySection(recorder.overall, recorder.ops, 'gateWait', NS_PER_US),
    attribution: {
      gate: causeEntry(recorder.causes.gate),
      back_pressure: causeEntry(recorder.causes.backPressure),
      generator: causeEntry(recorder.causes.generator),
    },
    lateness_attribution: attributionEntry(input),
    generator_lateness_us: percentiles(recorder.causes.generatorLateness, NS_PER_US),
    drift: driftEntry(input),
    stretched_ms: finite(end.stretchedNs / NS_PER_MS) ?? 0,
    interarrival: {
      planned_mean_us: scaled(planned.gaps.meanNs, NS_PER_US),
      sent_mean_us: scaled(sent.gaps.meanNs, NS_PER_US),
      ks: finite(distance?.ks),
      w1_us: scaled(distance?.w1, NS_PER_US),
    },
    dispersion: {
      planned_10ms: finite(planned.dispersion10Ms),
      sent_10ms: finite(sent.dispersion10Ms),
      planned_100ms: finite(planned.dispersion100Ms),
      sent_100ms: finite(sent.dispersion100Ms),
    },
    timestamp_resolution_ns: input.resolutionNs,
    generator: generatorEntry(health),
  };
}

function counts(
  input: FidelityInput,
): Pick<
  FidelitySection,
  | 'accounting'
  | 'excluded'
  | 'dangerous'
  | 'redacted'
  | 'unsendable'
  | 'keepalive_closed'
  | 'inversions'
  | 'engine'
> {
  const { end, recorder } = input;
  const { cutOff, gateTimeout, ...sums } = end.accounting;
  const { planned, sent, ok, errors, shed, unsent } = sums;
  return {
    accounting: {
      planned,
      sent,
      ok,
      errors,
      cut_off: cutOff,
      shed,
      gate_timeout: gateTimeout,
      unsent,
      never_left: Math.max(0, sent - recorder.started),
      closes: accountingAgrees(input),
      plan_complete: end.planComplete,
    },
    excluded: { ...end.excluded },
    dangerous: [...end.dangers].map(([{ pattern, why }, count]) => ({ pattern, count, why })),
    redacted: { operations: recorder.redacted.operations, names: recorder.redacted.names },
    keepalive_closed: { operations: recorder.keepaliveClosed, share: keepaliveShare(recorder) ?? null },
    unsendable: { operations: recorder.unsendable.operations, names: recorder.unsendable.names },
    inversions: recorder.inversions.count,
    engine: {
      passes: end.passes,
      max_in_flight: end.maxInFlight,
      max_held: end.maxHeld,
      underruns: end.underruns,
      held_limit_hits: end.heldLimitHits,
      missing_from_plan_statistics: recorder.missingFromPlan,
    },
  };
}

function driftEntry({ recorder: { sent, drift } }: FidelityInput): FidelitySection['drift'] {
  const difference =
    sent.spanNs === undefined ? undefined : sent.spanNs - (drift.plannedSpanNs ?? sent.spanNs);
  return {
    planned_duration_secs: scaled(drift.plannedSpanNs, NS_PER_S),
    actual_duration_secs: scaled(sent.spanNs, NS_PER_S),
    difference_ms: scaled(difference, NS_PER_MS),
    slope_us_per_sec: finite(drift.slopeUsPerSecond),
  };
}

function attributionEntry({ recorder, end }: FidelityInput): FidelitySection['lateness_attribution'] {
  const { sums, scheduler, transport } = recorder.attribution;
  const ms = (ns: number): number => scaled(ns, NS_PER_MS) ?? 0;
  const entry = (name: WaitName) => {
    const { ops, totalNs, maxNs } = sums[name];
    return { ops, total_ms: ms(totalNs), max_ms: ms(maxNs) };
  };
  const { stalls } = end;
  return {
    ...(Object.fromEntries(WAIT_NAMES.map((name) => [name, entry(name)])) as Record<WaitName, WaitEntry>),
    scheduler_us: percentiles(scheduler, NS_PER_US),
    transport_us: percentiles(transport, NS_PER_US),
    stalls: { count: stalls.count, total_ms: ms(stalls.totalNs), max_ms: ms(stalls.maxNs) },
  };
}

function causeEntry({ ops, totalNs }: LatenessCause): CauseEntry {
  return { ops, total_ms: scaled(totalNs, NS_PER_MS) ?? 0 };
}

function generatorEntry(health: GeneratorHealth): FidelitySection['generator'] {
  const { eventLoopDelay, gc, cpu, stealShare, pressureShare, throttling } = health;
  const ms = (ns: number): number => scaled(ns, NS_PER_MS) ?? 0;
  const seconds = (ns: number): number => scaled(ns, NS_PER_S) ?? 0;
  const percent = (share: number | undefined): number | null =>
    finite(share === undefined ? undefined : share * 100);
  return {
    event_loop_delay_ms:
      eventLoopDelay === undefined
        ? null
        : { p50: ms(eventLoopDelay.p50Ns), p99: ms(eventLoopDelay.p99Ns), max: ms(eventLoopDelay.maxNs) },
    gc: gc === undefined ? null : { count: gc.count, total_ms: ms(gc.totalNs), max_ms: ms(gc.maxNs) },
    cpu: cpu === undefined ? null : { user_secs: seconds(cpu.userNs), system_secs: seconds(cpu.systemNs) },
    steal_percent: percent(stealShare),
    cpu_pressure_percent: percent(pressureShare),
    cpu_throttled:
      throttling === undefined
        ? null
        : { count: throttling.periods, total_ms: ms(throttling.totalNs), percent: percent(throttling.share) },
    clock_step_ms: scaled(health.clockStepNs, NS_PER_MS),
  };
}

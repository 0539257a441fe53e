import { EngramTraceError } from '../error.ts';
import type { ResultsDocument } from '../results/document/results-document.ts';
import type { StepWindow } from './busiest-part.ts';

/** Plays the plan at a multiplier against the null sink for at most so many seconds. */
export type PlayStep = (multiplier: number, seconds: number) => Promise<ResultsDocument>;

export interface CalibrateOptions {
  /** The multiplier that the search begins with. */
  multiplier: number;
  stepSeconds: number;
  /** Doublings of the rate; `REFINEMENTS` follow between the last rate that held and the first that did not. */
  maxSteps: number;
  /** Where the plan is played from at a multiplier; null where the whole of it is one as the other. */
  windowAt?(multiplier: number): StepWindow | null;
  onStep?(step: CalibrationStep): void;
}

/** What the generator did at one rate against a null sink, where no server is in the way. */
export interface CalibrationStep {
  multiplier: number;
  /** The busiest part of the recording as long as the step takes at its rate; it was played from there. */
  window: StepWindow | null;
  planned_ops_per_sec: number | null;
  sent_ops_per_sec: number | null;
  operations: number;
  /** Whether the generator kept the plan. */
  holds: boolean;
  /** Codes of what the generator is to blame for; empty where it holds. */
  reasons: string[];
  send_error_us: { p50: number | null; p99: number | null; max: number | null };
  service_time_us: { min: number | null; p50: number | null; p99: number | null };
  cpu_us_per_op: number | null;
  /** CPU time of the generator by wall time: 100 is one core. */
  cpu_percent: number | null;
  event_loop_delay_p99_ms: number | null;
}

export interface Calibration {
  /** The step at the rate that the plan is to be played at. */
  floor: CalibrationStep;
  /** The highest rate that held; null where not even the first did. */
  highest: CalibrationStep | null;
  /** False: every step held, and the search ended before the limit was found. */
  limit_found: boolean;
  steps: CalibrationStep[];
}

const REFINEMENTS = 2;

/** Reasons that are not the generator's own: we stop each step, share the machine with the sink, or judge the trace. */
const NOT_OURS = new Set([
  'interrupted',
  'unsent',
  'stream_messages_unsent',
  'cpu_pressure',
  'steal',
  'clock_stepped',
  'health_unknown',
  'capture_loss',
  'trace_incomplete',
  'excluded_incomplete',
  'excluded_unplayable',
  'excluded_dangerous',
  'excluded_no_target',
  'redacted',
  'status_mismatch',
  'nothing_succeeded',
  'timestamp_resolution',
]);

/** Doubles the rate until the generator no longer keeps the plan, then looks between the last two. */
export async function calibrate(play: PlayStep, options: CalibrateOptions): Promise<Calibration> {
  const steps: CalibrationStep[] = [];
  const once = async (multiplier: number): Promise<CalibrationStep> => {
    const step = stepOf(
      multiplier,
      options.windowAt?.(multiplier) ?? null,
      await play(multiplier, options.stepSeconds),
    );
    options.onStep?.(step);
    steps.push(step);
    return step;
  };
  /** One hiccup of the machine is no limit: what does not hold gets a second try. */
  const at = async (multiplier: number): Promise<CalibrationStep> => {
    const step = await once(multiplier);
    return step.holds ? step : once(multiplier);
  };
  const floor = await at(options.multiplier);
  if (floor.operations === 0) {
    throw new EngramTraceError(
      'empty',
      `no operation was sent within ${options.stepSeconds} s: nothing was measured`,
      {
        hint: 'replay --dry-run tells what of the trace can be sent, and when; --step-time gives each rate more time',
      },
    );
  }
  let highest = floor.holds ? floor : null;
  let failed = floor.holds ? undefined : floor;
  for (let i = 0; i < options.maxSteps && failed === undefined && highest !== null; i += 1) {
    const next: CalibrationStep = await at(highest.multiplier * 2);
    if (next.holds) highest = next;
    else failed = next;
  }
  for (let i = 0; i < REFINEMENTS && highest !== null && failed !== undefined; i += 1) {
    const next: CalibrationStep = await at(Math.sqrt(highest.multiplier * failed.multiplier));
    if (next.holds) highest = next;
    else failed = next;
  }
  return { floor, highest, limit_found: failed !== undefined, steps };
}

function stepOf(multiplier: number, window: StepWindow | null, document: ResultsDocument): CalibrationStep {
  const { fidelity, summary, service_latency: service, send_error_us: sendError } = document;
  const { generator, drift, accounting } = fidelity;
  const reasons = fidelity.reasons.map(({ code }) => code).filter((code) => !NOT_OURS.has(code));
  if (summary.error_rate !== null && summary.error_rate > 0) reasons.push('errors');
  const cpuSecs = generator.cpu === null ? null : generator.cpu.user_secs + generator.cpu.system_secs;
  const { planned_duration_secs: plannedSecs, actual_duration_secs: actualSecs } = drift;
  return {
    multiplier,
    window,
    planned_ops_per_sec: ratio(accounting.sent, plannedSecs),
    sent_ops_per_sec: ratio(accounting.sent, actualSecs),
    operations: accounting.sent,
    holds: reasons.length === 0,
    reasons,
    send_error_us: { p50: sendError.p50, p99: sendError.p99, max: sendError.max },
    service_time_us: {
      min: scaled(service.overall.min, 1000),
      p50: scaled(service.overall.p50, 1000),
      p99: scaled(service.overall.p99, 1000),
    },
    cpu_us_per_op: scaled(ratio(cpuSecs, accounting.sent), 1e6),
    cpu_percent: scaled(ratio(cpuSecs, summary.duration_secs), 100),
    event_loop_delay_p99_ms: generator.event_loop_delay_ms?.p99 ?? null,
  };
}

function ratio(value: number | null, by: number | null): number | null {
  return value === null || by === null || by <= 0 ? null : value / by;
}

function scaled(value: number | null, by: number): number | null {
  return value === null ? null : Math.round(value * by * 1000) / 1000;
}

import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import { median } from '../support.ts';
import type { ReplayRun } from './replay-child.ts';

/** The target shares the machine: neither is the generator's doing. */
const NOT_OURS = new Set(['cpu_pressure', 'steal', 'clock_stepped']);

/** What one replay, or the middle of several, did at one rate. */
export interface Step {
  ratePerSec: number;
  /** Valid, or only not because others used the machine; and every operation had its answer. */
  holds: boolean;
  verdicts: string[];
  reasons: string[];
  /** The same with what was observed and what the limit is. */
  details: string[];
  sentPerSec: number;
  cpuUsPerOp: number;
  peakMb: number;
  p50Us: number;
  p99Us: number;
  maxUs: number;
}

/** Reads a run's document as one step. */
export function stepOf({ document, peakMb }: ReplayRun, ratePerSec: number): Step {
  const { summary, fidelity, send_error_us: sendError } = document;
  const reasons = reasonsOf(document);
  const cpu = fidelity.generator.cpu;
  const cpuSeconds = cpu === null ? Number.NaN : cpu.user_secs + cpu.system_secs;
  return {
    ratePerSec,
    holds: reasons.every((code) => NOT_OURS.has(code)),
    verdicts: [fidelity.verdict],
    reasons,
    details: fidelity.reasons.map(
      ({ code, observed, limit }) => `${code} ${short(observed)} (limit ${short(limit)})`,
    ),
    sentPerSec: summary.sent_ops_sec ?? Number.NaN,
    cpuUsPerOp: (cpuSeconds * 1e6) / summary.total_operations,
    peakMb,
    p50Us: sendError.p50 ?? Number.NaN,
    p99Us: sendError.p99 ?? Number.NaN,
    maxUs: sendError.max ?? Number.NaN,
  };
}

function reasonsOf({ summary, fidelity, errors }: ResultsDocument): string[] {
  const reasons = fidelity.reasons.map(({ code }) => code);
  const failed = [...new Set(errors.map(({ code }) => code))].join(' ');
  return (summary.error_rate ?? 0) > 0 ? [...reasons, `errors: ${failed}`] : reasons;
}

/** Medians of the figures; every verdict, and every reason that came up. */
export function middleStep(steps: readonly [Step, ...Step[]]): Step {
  const of = (pick: (step: Step) => number): number => median(steps.map(pick));
  return {
    ratePerSec: steps[0].ratePerSec,
    holds: steps.every(({ holds }) => holds),
    verdicts: steps.flatMap(({ verdicts }) => verdicts),
    reasons: [...new Set(steps.flatMap(({ reasons }) => reasons))],
    details: steps.flatMap(({ details }) => details),
    sentPerSec: of(({ sentPerSec }) => sentPerSec),
    cpuUsPerOp: of(({ cpuUsPerOp }) => cpuUsPerOp),
    peakMb: of(({ peakMb }) => peakMb),
    p50Us: of(({ p50Us }) => p50Us),
    p99Us: of(({ p99Us }) => p99Us),
    maxUs: of(({ maxUs }) => maxUs),
  };
}

/** One line for people. */
export function stepText(step: Step): string {
  const { sentPerSec, cpuUsPerOp, peakMb, p50Us, p99Us, maxUs, verdicts, reasons } = step;
  const error = `send error p50 ${p50Us.toFixed(0)} p99 ${p99Us.toFixed(0)} max ${maxUs.toFixed(0)} us`;
  const why = reasons.length === 0 ? '' : ` (${reasons.join(', ')})`;
  const cost = `${cpuUsPerOp.toFixed(1)} us CPU/op, ${peakMb.toFixed(0)} MB`;
  return `${verdicts.join('/')}${why}; sent ${sentPerSec.toFixed(0)}/s, ${cost}, ${error}`;
}

function short(value: number | string | null): string {
  return typeof value === 'number' ? `${Number(value.toPrecision(3))}` : (value ?? '-');
}

import { linesText } from '../visible-text.ts';
import type { StepWindow } from './busiest-part.ts';
import type { Calibration, CalibrationStep } from './calibrate.ts';

/** Says which part of the trace the first step plays. */
export function windowText({
  from_s: fromS,
  start,
  duration_s: durationS,
  records,
  records_per_sec: rate,
}: StepWindow): string {
  return (
    `calibrate: plays from the busiest ${rounded(durationS)} s of the trace: from ${rounded(fromS)} s (${start}), ` +
    `${records} records, ${rounded(rate)} recorded ops/s; a higher rate takes a longer part`
  );
}

/** Writes one step as one line. */
export function stepText(step: CalibrationStep): string {
  const { multiplier, send_error_us: error, service_time_us: service, cpu_us_per_op: cpu } = step;
  const verdict = step.holds ? 'holds' : `does not hold: ${step.reasons.join(', ')}`;
  return (
    `${rounded(multiplier)}x  ${rounded(step.sent_ops_per_sec)} ops/s  ` +
    `send error p50 ${rounded(error.p50)} us, p99 ${rounded(error.p99)} us, max ${rounded(error.max)} us  ` +
    `service p50 ${rounded(service.p50)} us  CPU ${rounded(cpu)} us/op  ${verdict}`
  );
}

/** Writes what a calibration found, in a few lines. */
export function calibrationText({ floor, highest, limit_found: isFound }: Calibration): string {
  const { send_error_us: error, service_time_us: service } = floor;
  const lines = [
    `floor at ${rounded(floor.multiplier)}x: send error p50 ${rounded(error.p50)} us, p99 ${rounded(error.p99)} us, ` +
      `max ${rounded(error.max)} us; service time min ${rounded(service.min)} us, p50 ${rounded(service.p50)} us`,
    highest === null
      ? 'the generator does not keep this plan on this machine'
      : `${isFound ? 'highest rate kept' : 'kept every rate up to'}: ${rounded(highest.multiplier)}x, ` +
        `${rounded(highest.sent_ops_per_sec)} ops/s`,
  ];
  return linesText(lines);
}

function rounded(value: number | null): string {
  if (value === null) return '-';
  return String(Number(value.toPrecision(value >= 1000 ? 5 : 3)));
}

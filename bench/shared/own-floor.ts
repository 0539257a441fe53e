import { readFileSync } from 'node:fs';
import type { Calibration } from '../../src/calibrate/calibrate.ts';
import { PROGRAM } from './replay-child.ts';
import { outputOf } from './run-child.ts';

/** What `calibrate` says of a trace at its own rate, against its null sink. Not pinned: the sink needs a core too. */
export async function ownFloor(trace: string, seconds: number, file: string): Promise<string> {
  const flags = ['--trace', trace, '--order', 'open', '--step-time', `${seconds}s`, '--max-steps', '0'];
  await outputOf([process.execPath, PROGRAM, 'calibrate', ...flags, '--quiet', '--force', '--output', file]);
  const { floor } = JSON.parse(readFileSync(file, 'utf8')) as Calibration;
  const { send_error_us: error, service_time_us: service, cpu_us_per_op: cpu } = floor;
  const holds = floor.holds ? 'holds' : `does not hold: ${floor.reasons.join(', ')}`;
  return (
    `send error p50 ${us(error.p50)}  p99 ${us(error.p99)}  max ${us(error.max)}; ` +
    `service p50 ${us(service.p50)}; CPU ${us(cpu)}/op; ${holds}`
  );
}

function us(value: number | null): string {
  return value === null ? '-' : `${value.toFixed(value < 100 ? 1 : 0)} us`;
}

import { EngramTraceError } from '../../error.ts';
import type { PacePhase } from '../../replay/replay-options.ts';
import { parseDuration } from './parse-duration.ts';

/** Reads `10s@1 5m@2`: how long, in replay time, at how many times the speed. Throws `usage`. */
export function parsePace(text: string): PacePhase[] {
  const phases = text.trim().split(/[\s,]+/);
  return phases.map((phase) => {
    const [duration, rate, ...more] = phase.split('@');
    if (!duration || !rate || more.length > 0) throw badPhase(phase);
    const read = { durationNs: parseDuration(duration), rate: Number(rate) };
    if (read.durationNs > 0 && read.rate > 0 && Number.isFinite(read.rate)) return read;
    throw badPhase(phase);
  });
}

function badPhase(phase: string): EngramTraceError {
  return new EngramTraceError('usage', `'${phase}' is no phase of a pace`, {
    hint: 'write a duration and a speed above 0, as in "10s@1 5m@2 30s@0.5"',
  });
}

import { EngramTraceError } from '../../error.ts';
import type { Timing } from '../../replay/replay-options.ts';
import type { TimeRange } from '../../transforms/time-range.ts';

/** Flags of `replay` that may contradict each other, and the part of the trace. */
export interface Contradicting {
  readonly timing: Timing;
  readonly rateMultiplier: number;
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

/** Throws `usage` for flags that contradict each other. */
export function refuseContradictions(
  { timing, rateMultiplier, json, dryRun }: Contradicting,
  range: TimeRange,
): void {
  if (timing.kind === 'asap' && rateMultiplier !== 1) {
    throw new EngramTraceError('usage', '--rate-multiplier has no meaning with --timing asap');
  }
  if (json && !dryRun) {
    throw new EngramTraceError('usage', '--json is for the plan of --dry-run; results are JSON anyway');
  }
  if (endsBeforeStart(range)) {
    throw new EngramTraceError('usage', 'the range ends before it starts', {
      hint: '--from must be before --to',
    });
  }
}

/** As far as the flags alone tell: a duration and a time of day can be compared only within the trace. */
function endsBeforeStart({ from, to }: TimeRange): boolean {
  if (from === undefined || to === undefined) return false;
  if ('offsetNs' in from) return 'offsetNs' in to && from.offsetNs >= to.offsetNs;
  return 'unixNs' in to && from.unixNs >= to.unixNs;
}

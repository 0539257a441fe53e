import { EngramTraceError } from '../../error.ts';
import type { Timing } from '../../replay/replay-options.ts';
import type { TimeRange } from '../../transforms/time-range.ts';

/** Flags of `replay` that may contradict each other, and the part of the trace. */
export interface Contradicting {
  readonly timing: Timing;
  readonly rateMultiplier: number;
  readonly upscale: number;
  readonly copies: number;
  readonly loop: number;
  readonly pace?: readonly unknown[];
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

/** Throws `usage` for flags that contradict each other. */
export function refuseContradictions(flags: Contradicting, range: TimeRange): void {
  const { timing, rateMultiplier, json, dryRun } = flags;
  refuseWithUpscale(flags);
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

function refuseWithUpscale({ upscale, timing, pace, copies, loop }: Contradicting): void {
  if (upscale === 1) return;
  const refuse = (flag: string, why: string): never => {
    throw new EngramTraceError('usage', `--upscale and ${flag} contradict each other: ${why}`, {
      hint: `leave one of them out`,
    });
  };
  if (timing.kind !== 'absolute') refuse(`--timing ${timing.kind}`, 'it moves recorded arrivals');
  if (pace !== undefined) refuse('--pace', 'it has the shape of the recording, and not another one');
  if (copies > 1) refuse('--copies', 'each makes the trace heavier in its own way');
  if (loop > 1) refuse('--loop', 'its operations end before the time of a pass does');
}

/** As far as the flags alone tell: a duration and a time of day can be compared only within the trace. */
function endsBeforeStart({ from, to }: TimeRange): boolean {
  if (from === undefined || to === undefined) return false;
  if ('offsetNs' in from) return 'offsetNs' in to && from.offsetNs >= to.offsetNs;
  return 'unixNs' in to && from.unixNs >= to.unixNs;
}

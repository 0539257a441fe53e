import type { Command } from 'commander';
import { collect, parseCount } from './flag-parsers.ts';
import { OF_RECORDINGS } from './of-recordings.ts';
import { parseDuration } from './parse-duration.ts';
import type { ReplayFlags } from './replay-flags.ts';
import { parsePositiveDuration } from './replay-values.ts';
import { withReplayFlags } from './with-replay-flags.ts';
import { withoutFlags } from './without-flags.ts';

/** The flags that are about a suite and not about its runs. */
export interface SuiteFlags
  extends Omit<
    ReplayFlags,
    'only' | 'rateMultiplier' | 'timing' | 'copies' | 'upscale' | 'loop' | 'seed' | 'order' | 'behind'
  > {
  seed?: number;
  only?: string[];
  coolDown?: number;
  resume?: boolean;
}

/** Flags of `replay` that say what each run says for itself, or that are about a recording or a single run. */
const OF_RUNS: readonly string[] = [
  ...OF_RECORDINGS,
  ...['--order', '--behind', '--shard', '--max-in-flight', '--gate-timeout'],
  ...['--include-dangerous', '--dangerous', '--replay-log', '--hlog'],
];

/** What `replay` has for the flags that a suite has not. */
export const OF_EACH_RUN = { order: 'session', behind: 'catch-up' } as const;

/** Adds the flags of a suite, but for those about what a scenario stores first. */
export function withSuiteFlags(command: Command): Command {
  return withoutFlags(withReplayFlags(command), new Set(OF_RUNS))
    .option(
      '--duration <time>',
      'how long each run takes: 10 (s), 5m (default: as it says)',
      parsePositiveDuration,
    )
    .option('--seed <number>', 'of everything random in every run (default: as it says, else 1)', parseCount)
    .option('--only <run>', 'run only this one; repeatable', collect)
    .option(
      '--cool-down <time>',
      'pause between runs: 30 (s), 2m, 0 (default: as the suite says)',
      parseDuration,
    )
    .option('--resume', 'keep the runs that --output holds, and run the others');
}

import { type Command, Option } from 'commander';
import { EngramTraceError } from '../../error.ts';
import { parseFactor, parseRatio } from './flag-parsers.ts';
import { parseDuration } from './parse-duration.ts';
import type { ReplayFlags } from './replay-flags.ts';
import { oneOf, parseAtLeastOne, parsePositiveDuration } from './replay-values.ts';
import { withReplayFlags } from './with-replay-flags.ts';
import { withoutFlags } from './without-flags.ts';

/** What a load of a trace is made heavier by. */
export type TraceLoad = 'multiplier' | 'copies' | 'upscale';

/** The flags of `capacity` as commander hands them over. */
export interface CapacityFlags
  extends Omit<ReplayFlags, 'rateMultiplier' | 'copies' | 'upscale' | 'loop' | 'from' | 'to' | 'duration'> {
  scenario?: string;
  clients?: boolean;
  think?: string;
  by?: TraceLoad;
  from?: number;
  least?: number;
  most?: number;
  within: number;
  step?: number;
  rates?: number[];
  probeDuration?: number;
  coolDown: number;
  maxProbes: number;
  calibrate: boolean;
  keep?: string;
  resume?: boolean;
}

/** Flags of `replay` that say how heavy the load is, or that are about a single run. */
const NOT_HERE: ReadonlySet<string> = new Set([
  ...['--rate-multiplier', '--copies', '--upscale', '--loop', '--pace', '--shard', '--from', '--to'],
  ...[
    '--duration',
    '--dry-run',
    '--json',
    '--replay-log',
    '--hlog',
    '--behind',
    '--timing',
    '--prepare',
    '--judge-anyway',
    '--strict',
  ],
]);

/** Adds the flags of a search, but for those about what a scenario stores first. */
export function withCapacityFlags(command: Command): Command {
  return withRangeFlags(
    withoutFlags(withReplayFlags(command), NOT_HERE)
      .option('--scenario <name>', 'search the rate of this: a TOML file, or a shipped scenario by its name')
      .option(
        '--clients',
        'search how many clients, which wait for their answers: of a build cache, or of --scenario',
      )
      .option(
        '--think <spec>',
        'pause of a client between an answer and its next operation, as run --think: 10ms, 2 (s) (default: 10ms)',
      )
      .addOption(
        new Option(
          '--by <how>',
          'what makes a trace heavier: multiplier (faster), copies (more sessions) or upscale (default: multiplier)',
        ).argParser(oneOf('multiplier', 'copies', 'upscale')),
      ),
  );
}

function withRangeFlags(command: Command): Command {
  return command
    .option('--from <load>', 'the first load (default: that of the scenario; 1 of a trace)', parseFactor)
    .option('--least <load>', 'no load below this (default: a thousandth of the first)', parseFactor)
    .option('--most <load>', 'no load above this (default: 80 % of what this machine sends)', parseFactor)
    .addOption(
      new Option('--within <ratio>', 'how narrow the interval is to become')
        .argParser(parseRatio)
        .default(0.05, '5%'),
    )
    .option('--rates <loads>', 'run these loads, each once, in place of a search: 15000,20000', parseLoads)
    .option('--step <load>', 'run from --from to --most in such steps, each once', parseFactor)
    .option(
      '--probe-duration <time>',
      'how long a run takes: 30 (s), 2m; of a trace so much recorded time (default: 30s; all of a trace)',
      parsePositiveDuration,
    )
    .addOption(
      new Option('--cool-down <time>', 'pause between two runs').argParser(parseDuration).default(5e9, '5s'),
    )
    .option('--max-probes <count>', 'most runs', parseAtLeastOne, 25)
    .option('--no-calibrate', 'do not measure first what this machine sends in time')
    .option('--keep <folder>', 'write the results document of every run there (default: none)')
    .option('--resume', 'keep the runs that --output holds, and go on');
}

function parseLoads(text: string): number[] {
  const loads = text.split(',').map((each) => parseFactor(each.trim()));
  if (new Set(loads).size === loads.length) return loads;
  throw new EngramTraceError('usage', 'a load is there twice');
}

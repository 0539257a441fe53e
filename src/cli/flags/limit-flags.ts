import type { Command } from 'commander';
import type { LimitWords } from '../../check/parse-limit.ts';
import type { RunJudge } from '../../check/run-judge.ts';
import { EngramTraceError } from '../../error.ts';
import { collect } from './flag-parsers.ts';
import { readText } from './tls-flags.ts';

/** The flags about limits that results are held against, as commander hands them over. */
export interface LimitFlags {
  limits?: string;
  preset?: string;
  failIf?: string[];
  judgeAnyway?: boolean;
  strict?: boolean;
}

/** Adds the flags about limits. */
export function withLimitFlags(command: Command): Command {
  return command
    .option('--limits <file>', 'TOML file with limits for the results ([[limit]] holds = …; docs/check.md)')
    .option(
      '--preset <name>',
      'limits that come with the program: engram-production, memobuild-release, memobuild-1.0',
    )
    .option('--fail-if <limit>', "what must not be: 'latency.recall.p99 > 10ms'; repeatable", collect)
    .option('--judge-anyway', 'hold a run that was not valid against the limits too')
    .option('--strict', 'end with 99 also where a limit is to be looked into');
}

/** The limits of a file and of a preset; undefined where there is none at all, `--fail-if` neither. */
export async function limitsOf({
  limits,
  preset,
  failIf = [],
}: LimitFlags): Promise<LimitWords[] | undefined> {
  if (limits === undefined && preset === undefined && failIf.length === 0) return undefined;
  const wanted: LimitWords[] = [];
  if (preset !== undefined) {
    const { presetLimits } = await import('../../check/presets.ts');
    wanted.push(...presetLimits(preset));
  }
  if (limits !== undefined) {
    const { readLimitsFile } = await import('../../check/limits-file.ts');
    wanted.push(...readLimitsFile(readText('--limits', limits), limits));
  }
  return wanted;
}

/** What judges a run by its flags; undefined where they have no limits. Throws `usage` for limits that nothing could meet. */
export async function judgeOf(flags: LimitFlags, isWatched: boolean): Promise<RunJudge | undefined> {
  const limits = await limitsOf(flags);
  if (limits === undefined) {
    if (flags.judgeAnyway || flags.strict) throw noLimit();
    return undefined;
  }
  const { createRunJudge } = await import('../../check/run-judge.ts');
  return createRunJudge({ limits, failIf: flags.failIf, judgeAnyway: flags.judgeAnyway, isWatched });
}

/** Nothing was named to hold the results against. */
export function noLimit(): EngramTraceError {
  return new EngramTraceError('usage', 'there is no limit to hold it against', {
    hint: "--preset NAME, --limits FILE or --fail-if 'latency.overall.p99 > 10ms'",
  });
}

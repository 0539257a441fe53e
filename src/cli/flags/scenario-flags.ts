import type { Command } from 'commander';
import { EngramTraceError } from '../../error.ts';
import { type FoundScenario, findScenario } from '../../workload/scenario/find-scenario.ts';
import { withOverrides } from '../../workload/scenario/with-overrides.ts';
import { parseCount, parseFactor } from './flag-parsers.ts';
import { parsePositiveDuration } from './replay-values.ts';

/** Which scenario, and what of it is otherwise. */
export interface ScenarioFlags {
  scenario?: string;
  targetRate?: number;
  duration?: number;
  seed: number;
}

/** Adds the argument and the flags that say which scenario. */
export function withScenarioFlags(command: Command): Command {
  return command
    .argument('[scenario]', 'what to run: the same as --scenario')
    .option(
      '--scenario <name>',
      'a TOML file, or a shipped scenario by its name (engram-trace scenarios lists them; default: none, but clients of a build cache)',
    )
    .option(
      '--target-rate <rate>',
      'operations a second, evenly, in place of the arrivals of a scenario (default: as the scenario has it; without one, clients wait for their answers)',
      parseFactor,
    )
    .option(
      '--duration <time>',
      'how long: 300 (s), 5m (default: as the scenario has it; 60s without one)',
      parsePositiveDuration,
    )
    .option('--seed <number>', 'of everything random: the same seed gives the same bytes', parseCount, 1);
}

/** The name of the scenario that is asked for; undefined: none is. Throws `usage` for two. */
export function scenarioNamed(
  argument: string | undefined,
  { scenario: flag }: Pick<ScenarioFlags, 'scenario'>,
): string | undefined {
  if (argument !== undefined && flag !== undefined && argument !== flag)
    throw new EngramTraceError('usage', `two scenarios are named, '${argument}' and --scenario '${flag}'`);
  return argument ?? flag;
}

/** The scenario that the flags ask for, as it is run; `found` where it was looked for already. Throws `usage`. */
export function scenarioOf(
  argument: string | undefined,
  flags: ScenarioFlags,
  found?: FoundScenario,
): FoundScenario {
  const { targetRate, duration: durationNs } = flags;
  const named = scenarioNamed(argument, flags);
  if (named === undefined)
    throw new EngramTraceError('usage', 'no scenario is named', {
      hint: 'name one with --scenario NAME; engram-trace scenarios lists those that are there',
    });
  const asWritten = found ?? findScenario(named);
  return { ...asWritten, scenario: withOverrides(asWritten.scenario, { targetRate, durationNs }) };
}

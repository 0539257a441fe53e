import type { Command } from 'commander';
import { clientsRun, type LoadPlay, scenarioClientsRun } from '../../library/load-run.ts';
import type { RunOptions } from '../../replay-run/options/run-options.ts';
import type { ScenarioLoad, Suite, SuiteRun } from '../../suite/suite.ts';
import { OF_EACH_RUN, type SuiteFlags } from '../flags/suite-flags.ts';
import { targetFlagsOf } from '../flags/target-flags.ts';
import { openWorkloadHere } from '../input/open-scenario.ts';
import { runByFlags } from './replay.ts';
import { AS_IT_IS, type PreloadFlags, type ScenarioParts, scenarioParts } from './run-scenario.ts';

/** The flags of a suite as commander hands them over. */
export type SuiteRunFlags = SuiteFlags & PreloadFlags;

/** A run of a suite, ready to be played, and what is done before. */
export interface PlannedRun {
  run: RunOptions;
  before: ScenarioParts['before'];
}

/** The runs of a suite by their names, all before the first: what is wrong with the last is said before anything is sent. */
export async function plannedRuns(
  { runs }: Suite,
  flags: SuiteRunFlags,
  command: Command,
): Promise<ReadonlyMap<string, PlannedRun>> {
  const planned = new Map<string, PlannedRun>();
  for (const run of runs) planned.set(run.name, await plannedRun(run, flags, command));
  return planned;
}

async function plannedRun(
  { load, preloads }: SuiteRun,
  flags: SuiteRunFlags,
  command: Command,
): Promise<PlannedRun> {
  const { senders, endpoint } = flags;
  if ('scenario' in load) {
    const preload = flags.preload !== false && preloads;
    const targetFlags = targetFlagsOf(command, flags);
    return plannedScenario(load, { ...flags, preload }, command, { senders, targetFlags });
  }
  // A build cache speaks HTTP alone: `run` would refuse a gRPC target for it.
  const more = clientsRun(load, { senders, targetFlags: targetFlagsOf(command, { endpoint }) });
  const given = { ...givenOf(flags, load.load.seed), prepare: false };
  const { connections = 'recorded' } = flags;
  return { run: await madeReady({ ...given, connections }, command, more.trace, more), before: undefined };
}

async function plannedScenario(
  { scenario, seed, named, clients }: ScenarioLoad,
  flags: SuiteRunFlags,
  command: Command,
  play: LoadPlay,
): Promise<PlannedRun> {
  const seeded = { scenario, seed };
  const { prepare, more, before } = await scenarioParts(seeded, flags, command);
  const closed = clients && scenarioClientsRun(seeded, clients, named, play);
  const { connections = closed === undefined ? 'pooled' : 'recorded' } = flags;
  const given = { ...givenOf(flags, seed), prepare, connections };
  const trace = closed?.trace ?? openWorkloadHere(seeded);
  return { run: await madeReady(given, command, trace, { ...more, ...closed }), before };
}

/** The flags of a suite as those of one run. */
function givenOf(flags: SuiteRunFlags, seed: number) {
  const { only: _, duration: _of, coolDown: _between, resume: _again, ...others } = flags;
  return { ...others, ...AS_IT_IS, ...OF_EACH_RUN, seed };
}

/** Throws `usage` where a target is missing. */
async function madeReady(...given: Parameters<typeof runByFlags>): Promise<RunOptions> {
  const { run, refuse } = await runByFlags(...given);
  refuse();
  return run;
}

import type { Command } from 'commander';
import { EngramTraceError } from '../../error.ts';
import { refuseSameFile } from '../../library/refuse-same-file.ts';
import type { RunOptions } from '../../replay-run/options/run-options.ts';
import { linesText } from '../../visible-text.ts';
import type { SeededScenario } from '../../workload/generate/record-batches.ts';
import type { FoundScenario } from '../../workload/scenario/find-scenario.ts';
import { parseCount } from '../flags/flag-parsers.ts';
import { OF_RECORDINGS } from '../flags/of-recordings.ts';
import type { ReplayFlags } from '../flags/replay-flags.ts';
import { parseAtLeastOne } from '../flags/replay-values.ts';
import { type ScenarioFlags, withScenarioFlags } from '../flags/scenario-flags.ts';
import { targetFlagsOf } from '../flags/target-flags.ts';
import { withReplayFlags } from '../flags/with-replay-flags.ts';
import { withoutFlags } from '../flags/without-flags.ts';
import { openWorkloadHere } from '../input/open-scenario.ts';
import { printWarning } from '../output/warnings.ts';
import { tell } from '../people/people.ts';
import type { BeforeReplay } from './play-shown.ts';
import { playByFlags } from './replay.ts';
import { type ClientsFlags, paceOf } from './run-clients.ts';

/** What clients that send a scenario are made from, as commander hands it over. */
type ScenarioClientFlags = Pick<ClientsFlags, 'clients' | 'requests' | 'think' | 'rampUp'>;

/** What `replay` has for the flags that `run` has not: every operation, once, when it is due. */
export const AS_IT_IS = {
  rateMultiplier: 1,
  timing: { kind: 'absolute' },
  copies: 1,
  upscale: 1,
  loop: 1,
} as const;

/** The flags about what is stored first. */
export interface PreloadFlags {
  preload?: boolean;
  preloadAnyway?: boolean;
  preloadRate: number;
  preloadFrom?: number;
}

/** The flags of `run` for a scenario, as commander hands them over. */
export type ScenarioRunFlags = ScenarioFlags &
  PreloadFlags &
  Omit<ReplayFlags, keyof ScenarioFlags | keyof typeof AS_IT_IS>;

/** Takes off a command that is built as `replay` is what a scenario has no use for, and adds what it has. */
export function withScenarioRunFlags(command: Command): Command {
  return withPreloadFlags(withScenarioFlags(withoutFlags(withReplayFlags(command), OF_RECORDINGS))).option(
    '--preload-from <number>',
    'go on with this memory: those before it were stored',
    parseCount,
    0,
  );
}

/** Adds what says whether a scenario's spaces and memories are made first. */
export function withPreloadFlags(command: Command): Command {
  return command
    .option('--no-prepare', 'let the target make the spaces of the scenario on their first use')
    .option('--no-preload', 'do not store the memories of the scenario (num_nodes) before the clock starts')
    .option('--preload-anyway', 'store them also where the target holds something, or does not say')
    .option('--preload-rate <rate>', 'most memories a second to store before', parseAtLeastOne, 1000);
}

/** Load by a scenario that was found, with all that `replay` has. */
export async function runScenario(
  argument: string | undefined,
  asWritten: FoundScenario,
  flags: ScenarioRunFlags,
  command: Command,
  clients?: ScenarioClientFlags,
): Promise<void> {
  const { openScenario, openScenarioClients } = await import('../input/open-scenario.ts');
  const requests = clients?.requests ?? Infinity;
  const { duration: durationNs = asWritten.scenario.durationNs } = flags;
  const { found, trace, ...closed } =
    clients === undefined
      ? openScenario(argument, flags, asWritten)
      : openScenarioClients(argument, flags, asWritten, {
          clients: clients.clients,
          requests,
          pace: paceOf(clients, { durationNs, requests }),
          targetFlags: targetFlagsOf(command, flags),
        });
  refuseSameFile([{ flag: '--scenario', path: found.file }], [{ flag: '--output', path: flags.output }]);
  const { duration: _, ...others } = flags;
  const { prepare, more, before } = await scenarioParts(
    { scenario: found.scenario, seed: flags.seed },
    flags,
    command,
  );
  const open = () => Promise.resolve(trace);
  const connections = flags.connections ?? (clients === undefined ? 'pooled' : 'recorded');
  const given = { ...others, ...AS_IT_IS, connections, prepare };
  await playByFlags(given, command, open, { ...more, ...closed }, before);
}

/** What a scenario asks of a run beside its operations. */
export interface ScenarioParts {
  prepare: boolean;
  more: Partial<RunOptions>;
  before: BeforeReplay | undefined;
}

/** What a scenario asks of a run, as far as its flags leave it that. */
export async function scenarioParts(
  seeded: SeededScenario,
  flags: PreloadFlags & Pick<ScenarioRunFlags, 'prepare' | 'quiet'>,
  command: Command,
): Promise<ScenarioParts> {
  refusePreloadFlags(flags, command);
  const { scenario, seed } = seeded;
  const { limits, data } = scenario;
  const { scenarioChaos } = await import('../../chaos/scenario-chaos.ts');
  // The default space is always there; others take an Engram seconds each.
  const hasSpaces = data.spaces > 1 && meansHttp(command);
  return {
    prepare: flags.prepare !== false && hasSpaces,
    more: { limits, traceSeed: seed, chaos: scenarioChaos(scenario, seed) },
    before: preloader(seeded, flags),
  };
}

/** What a variable or a configuration file says may be meant for another run. */
function refusePreloadFlags({ preload }: PreloadFlags, command: Command): void {
  if (preload !== false) return;
  for (const attribute of ['preloadAnyway', 'preloadRate', 'preloadFrom']) {
    if (command.getOptionValueSource(attribute) !== 'cli') continue;
    const flag = command.options.find((option) => option.attributeName() === attribute)?.long;
    throw new EngramTraceError('usage', `${flag} is about a preload, and --no-preload wants none`);
  }
}

/** What fills the target; nothing where that is not wanted. */
function preloader(
  seeded: SeededScenario,
  flags: PreloadFlags & Pick<ScenarioRunFlags, 'quiet'>,
): BeforeReplay | undefined {
  if (flags.preload === false) return undefined;
  const { preloadAnyway: anyway = false, preloadRate: ratePerSec, preloadFrom: fromKey = 0, quiet } = flags;
  const say = (text: string): void => (quiet ? undefined : tell(linesText([`engram-trace: ${text}`])));
  return async (run, during) => {
    const { goingOn } = await import('../../library/preload-target.ts');
    const { preloadTargets } = await import('../../library/preload-targets.ts');
    const { runDepsOf } = await import('../../library/run-deps.ts');
    const deps = runDepsOf({ ...during, warn: printWarning, precision: run.replay?.precision });
    const preloaded = await preloadTargets(seeded, run, deps, {
      ...{ anyway, ratePerSec, fromKey },
      open: openWorkloadHere,
      onStart: (memories, target) =>
        say(
          `storing ${memories} memories first${inTarget(target)}${ofShard(run)}, at most ${ratePerSec} a second (--no-preload)`,
        ),
      onLeftOut: (why, target) =>
        say(`no memories are stored first${inTarget(target)}: ${why} (--preload-anyway)`),
    });
    const { stored, next } = preloaded.preload ?? { stored: 0, next: null };
    if (during.signal?.aborted && next !== null)
      say(`${stored} memories are stored: ${goingOn(next)} goes on`);
    return preloaded;
  };
}

function inTarget(target: string | undefined): string {
  return target === undefined ? '' : ` in ${target}`;
}

function ofShard({ replay }: RunOptions): string {
  const shard = replay?.shard;
  return shard === undefined ? '' : ` (the share of shard ${shard.index + 1}/${shard.of})`;
}

/** Whoever names a target for gRPC only means no other. */
function meansHttp(command: Command): boolean {
  const isNamed = (attribute: string): boolean => command.getOptionValueSource(attribute) !== 'default';
  return isNamed('endpoint') || !isNamed('grpcEndpoint');
}

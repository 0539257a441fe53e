import { Command } from 'commander';
import { EngramTraceError } from '../../error.ts';
import { CACHE_LOAD } from '../../workload/clients/cache-load.ts';
import { type ClientsFlags, runClients, withClientFlags } from './run-clients.ts';
import { runScenario, type ScenarioRunFlags, withScenarioRunFlags } from './run-scenario.ts';

type RunFlags = ScenarioRunFlags & ClientsFlags;

/** `engram-trace run`: load without a recording, by a scenario or by clients of a build cache. */
export function makeRunCommand(): Command {
  return withClientFlags(withScenarioRunFlags(new Command('run'))).action(runLoad);
}

/** Flags that have a meaning with a scenario and without one. */
const OF_BOTH = new Set([
  ...['endpoint', 'header', 'connections', 'timeout', 'waitForTarget'],
  ...['ca', 'cert', 'key', 'servername', 'insecure', 'output', 'replayLog', 'force', 'quiet', 'config'],
  ...['duration', 'targetRate', 'seed'],
]);

async function runLoad(argument: string | undefined, flags: RunFlags, command: Command): Promise<void> {
  const ofClients = attributesOf(withClientFlags(new Command()));
  const isOfClients = (attribute: string): boolean => ofClients.has(attribute);
  if (argument !== undefined || flags.scenario !== undefined) {
    refuseGiven(
      command,
      isOfClients,
      'is for run without a scenario',
      'without one, run sends what clients of a build cache send',
    );
    await runScenario(argument, flags, command);
    return;
  }
  const isOfScenarios = (attribute: string): boolean => !isOfClients(attribute) && !OF_BOTH.has(attribute);
  refuseGiven(
    command,
    isOfScenarios,
    'is for run with a scenario',
    'engram-trace scenarios lists the scenarios; --scenario NAME runs one',
  );
  const { duration = CACHE_LOAD.durationNs, connections = 'recorded' } = flags;
  await runClients({ ...flags, duration, connections });
}

function attributesOf(command: Command): Set<string> {
  return new Set(command.options.map((option) => option.attributeName()));
}

/** What a variable or a configuration file says may be meant for another run. */
function refuseGiven(
  command: Command,
  isOther: (attribute: string) => boolean,
  what: string,
  hint: string,
): void {
  for (const option of command.options) {
    const attribute = option.attributeName();
    if (!isOther(attribute) || command.getOptionValueSource(attribute) !== 'cli') continue;
    throw new EngramTraceError('usage', `${option.long} ${what}`, { hint });
  }
}

import { Command } from 'commander';
import { EngramTraceError } from '../../error.ts';
import { linesText } from '../../visible-text.ts';
import { CACHE_LOAD } from '../../workload/clients/cache-load.ts';
import { type FoundClients, findLoad } from '../../workload/clients/find-load.ts';
import { scenarioNamed } from '../flags/scenario-flags.ts';
import { withSuiteFlags } from '../flags/suite-flags.ts';
import { tell } from '../people/people.ts';
import { asClientsOf, type ClientsFlags, runClients, withClientFlags } from './run-clients.ts';
import {
  runScenario,
  type ScenarioRunFlags,
  withPreloadFlags,
  withScenarioRunFlags,
} from './run-scenario.ts';

type RunFlags = Omit<ScenarioRunFlags, 'only'> & ClientsFlags & { scenarios?: boolean };

/** `engram-trace run`: load without a recording, by a scenario or by clients of a build cache. */
export function makeRunCommand(): Command {
  return withClientFlags(withScenarioRunFlags(new Command('run')))
    .option('--scenarios', 'run the suite of the scalability guide, as engram-trace suite does')
    .action(runLoad);
}

/** Flags that have a meaning with a scenario and without one. */
export const OF_BOTH: ReadonlySet<string> = new Set([
  ...['endpoint', 'header', 'countByHeader', 'connections', 'senders', 'timeout', 'waitForTarget'],
  ...[
    'ca',
    'cert',
    'key',
    'servername',
    'insecure',
    'output',
    'replayLog',
    'hlog',
    'force',
    'quiet',
    'config',
  ],
  ...['duration', 'targetRate', 'seed', 'watchPid', 'watchHost', 'scrape', 'scrapeMetric'],
  ...['limits', 'preset', 'failIf', 'judgeAnyway', 'strict'],
]);

/** Flags for clients, whatever they send. */
const OF_ANY_CLIENTS = new Set(['clients', 'requests', 'think', 'rampUp']);
const NO_CLIENTS = [
  'is for clients that wait for their answers',
  'add --clients N, and N clients send the operations of the scenario',
] as const;
/** Flags for a plan, which says when each operation is due. */
export const OF_PLANS: ReadonlySet<string> = new Set([
  'targetRate',
  'order',
  'behind',
  'maxInFlight',
  'gateTimeout',
  'shard',
  'dryRun',
]);
const NO_PLAN = [
  'is for a plan with due times, and clients send when their answers are there',
  'leave it out, or --clients',
] as const;

async function runLoad(argument: string | undefined, flags: RunFlags, command: Command): Promise<void> {
  const named = scenarioNamed(argument, flags);
  if (flags.scenarios) return runGuideSuite(named, flags, command);
  const found = named === undefined ? undefined : findLoad(named);
  if (found === undefined || 'clients' in found) return runByClients(named, found, flags, command);
  const hasClients = command.getOptionValueSource('clients') !== 'default';
  refuseGiven(
    command,
    (attribute) => isOfClients(attribute) && !OF_ANY_CLIENTS.has(attribute),
    'is for run without a scenario',
    'without one, run sends what clients of a build cache send',
  );
  if (hasClients) refuseGiven(command, (attribute) => OF_PLANS.has(attribute), ...NO_PLAN);
  else refuseGiven(command, (attribute) => OF_ANY_CLIENTS.has(attribute), ...NO_CLIENTS);
  await runScenario(argument, found, flags, command, hasClients ? flags : undefined);
}

/** The suite of the scalability guide, whose runs say for themselves what they send. */
async function runGuideSuite(named: string | undefined, flags: RunFlags, command: Command): Promise<void> {
  if (named !== undefined)
    throw new EngramTraceError('usage', '--scenarios runs a suite, and a scenario is named too', {
      hint: `--scenario ${named} runs that one`,
    });
  const ofSuites = attributesOf(withPreloadFlags(withSuiteFlags(new Command())));
  const isOther = (attribute: string): boolean =>
    !ofSuites.has(attribute) && !['scenarios', 'quiet', 'config'].includes(attribute);
  refuseGiven(command, isOther, 'is not for --scenarios', 'its runs have numbers of their own');
  const { runSuite } = await import('./run-suite.ts');
  await runSuite(undefined, flags, command);
}

/** Clients of a build cache: those of a scenario, or as the flags say. */
async function runByClients(
  named: string | undefined,
  found: FoundClients | undefined,
  flags: RunFlags,
  command: Command,
): Promise<void> {
  const { duration = CACHE_LOAD.durationNs, connections = 'recorded' } = flags;
  const given = { ...flags, duration, connections };
  if (found === undefined) {
    const hint = 'engram-trace scenarios lists the scenarios; --scenario NAME runs one';
    refuseGiven(command, isOfScenarios, 'is for run with a scenario', hint);
    return runClients(given, command);
  }
  const isOther = (attribute: string): boolean => attribute !== 'scenario' && isOfScenarios(attribute);
  refuseGiven(command, isOther, `is not for ${named}`, 'it is a scenario of clients of a build cache');
  if (found.isInstead && !flags.quiet)
    tell(linesText([`engram-trace: there is no ${named}: taking the shipped scenario ${found.file}`]));
  const isGiven = (attribute: string): boolean =>
    ![undefined, 'default'].includes(command.getOptionValueSource(attribute));
  await runClients(asClientsOf(given, found.clients, isGiven), command, found);
}

const OF_CLIENTS = attributesOf(withClientFlags(new Command()));

function isOfClients(attribute: string): boolean {
  return OF_CLIENTS.has(attribute);
}

function isOfScenarios(attribute: string): boolean {
  return !isOfClients(attribute) && !OF_BOTH.has(attribute);
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

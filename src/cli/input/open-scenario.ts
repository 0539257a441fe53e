import { availableParallelism } from 'node:os';
import { type LoadRun, scenarioClientsRun } from '../../library/load-run.ts';
import { openTrace } from '../../sources/open/open-trace.ts';
import type { Trace } from '../../trace/trace.ts';
import { linesText } from '../../visible-text.ts';
import { plannedRate } from '../../workload/arrivals/planned-rate.ts';
import type { ClosedLoad } from '../../workload/clients/closed-cache-load.ts';
import { closedLimits } from '../../workload/clients/closed-scenario-load.ts';
import type { ScenarioClients } from '../../workload/clients/scenario-script.ts';
import { openWorkload } from '../../workload/generate/open-workload.ts';
import type { SeededScenario } from '../../workload/generate/record-batches.ts';
import type { FoundScenario } from '../../workload/scenario/find-scenario.ts';
import { type ScenarioFlags, scenarioOf } from '../flags/scenario-flags.ts';
import { tell } from '../people/people.ts';

/** A scenario as a trace; what is meant, and what is not as the scenario has it, is said. */
export function openScenario(
  argument: string | undefined,
  flags: ScenarioFlags & { quiet?: boolean },
  asWritten?: FoundScenario,
): { found: FoundScenario; trace: Trace } {
  const found = scenarioOf(argument, flags, asWritten);
  if (!flags.quiet) tell(linesText(linesOf(found, argument ?? flags.scenario ?? '', flags)));
  return { found, trace: openWorkloadHere({ scenario: found.scenario, seed: flags.seed }) };
}

/** Clients that send the operations of a scenario, and what of the scenario is otherwise for them. */
export type OpenedClients = LoadRun & ClosedLoad & { readonly found: FoundScenario };

/** A scenario for clients that wait for their answers; what is meant is said. `targetFlags` name the targets. */
export function openScenarioClients(
  argument: string | undefined,
  flags: ScenarioFlags & { quiet?: boolean; senders?: number },
  asWritten: FoundScenario,
  { targetFlags, ...given }: ScenarioClients & { readonly targetFlags: string },
): OpenedClients {
  const { targetRate: _, ...others } = flags;
  const found = scenarioOf(argument, others, asWritten);
  const { scenario } = found;
  const named = argument ?? flags.scenario ?? '';
  const { senders } = flags;
  const run = scenarioClientsRun({ scenario, seed: flags.seed }, given, named, { senders, targetFlags });
  const { clients } = given;
  const text = `${scenario.name}: ${clients} ${clients === 1 ? 'client' : 'clients'}, ${scenario.durationNs / 1e9} s, seed ${flags.seed}`;
  if (!flags.quiet) tell(linesText([...insteadLines(found, named), `engram-trace: ${text}`]));
  return { ...run, found, limits: closedLimits(scenario.limits) };
}

/** A workload whose records are made in a thread of their own, where there is a second core. */
export function openWorkloadHere(seeded: SeededScenario): Trace {
  return openWorkload(seeded, { openRecording: openTrace, inThread: availableParallelism() > 1 });
}

function linesOf(found: FoundScenario, named: string, flags: ScenarioFlags): string[] {
  const { name, arrival, durationNs } = found.scenario;
  const rate = plannedRate(arrival, durationNs);
  const rateText =
    rate === undefined ? 'the rate of its recording' : `${Number(rate.toPrecision(6))} a second`;
  return [
    ...insteadLines(found, named),
    `engram-trace: ${name}: ${arrival.pattern}, ${rateText}, ${durationNs / 1e9} s, seed ${flags.seed}`,
  ];
}

function insteadLines({ file, isInstead }: FoundScenario, named: string): string[] {
  return isInstead ? [`engram-trace: there is no ${named}: taking the shipped scenario ${file}`] : [];
}

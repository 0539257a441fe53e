import { availableParallelism } from 'node:os';
import { openTrace } from '../../sources/open/open-trace.ts';
import type { Trace } from '../../trace/trace.ts';
import { linesText } from '../../visible-text.ts';
import { plannedRate } from '../../workload/arrivals/planned-rate.ts';
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

/** A workload whose records are made in a thread of their own, where there is a second core. */
export function openWorkloadHere(seeded: SeededScenario): Trace {
  return openWorkload(seeded, { openRecording: openTrace, inThread: availableParallelism() > 1 });
}

function linesOf(
  { scenario, file, isInstead }: FoundScenario,
  named: string,
  flags: ScenarioFlags,
): string[] {
  const { name, arrival, durationNs } = scenario;
  const rate = plannedRate(arrival, durationNs);
  const rateText =
    rate === undefined ? 'the rate of its recording' : `${Number(rate.toPrecision(6))} a second`;
  const lines = [
    `engram-trace: ${name}: ${arrival.pattern}, ${rateText}, ${durationNs / 1e9} s, seed ${flags.seed}`,
  ];
  if (isInstead) lines.unshift(`engram-trace: there is no ${named}: taking the shipped scenario ${file}`);
  return lines;
}

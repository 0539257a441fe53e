import { EngramTraceError } from '../../error.ts';
import { MOST_PER_SEC } from './read-arrival.ts';
import type { Scenario } from './scenario.ts';

/** What a run may want otherwise than its scenario. */
export interface ScenarioOverrides {
  /** Operations a second, evenly, in place of the scenario's arrivals; also the throughput that is expected. */
  readonly targetRate?: number | undefined;
  readonly durationNs?: number | undefined;
}

/** The scenario as it is run. Throws `usage` for a rate that makes no sense, or beside stages of their own. */
export function withOverrides(scenario: Scenario, { targetRate, durationNs }: ScenarioOverrides): Scenario {
  const timed = durationNs === undefined ? scenario : { ...scenario, durationNs };
  if (targetRate === undefined) return timed;
  if (!(targetRate > 0 && targetRate <= MOST_PER_SEC))
    throw usage(
      `the target rate has to be above 0 and at most ${MOST_PER_SEC} a second, and is ${targetRate}`,
    );
  if ('stages' in scenario.arrival)
    throw usage(
      `the scenario ${scenario.name} has stages with rates of their own, and a target rate would take their place`,
      'leave --target-rate out, or change the rates of its [[arrival.stages]]',
    );
  const limits = { ...timed.limits, throughputPerSec: targetRate };
  return { ...timed, arrival: { pattern: 'constant', rate: targetRate }, limits };
}

function usage(message: string, hint?: string): EngramTraceError {
  return new EngramTraceError('usage', message, { hint });
}

import { type NamedMeasures, type TraceDistances, traceDistances } from '../nearness/trace-distances.ts';
import { measureTrace } from '../nearness/trace-measures.ts';
import { recordBatches } from '../workload/generate/record-batches.ts';
import type { Scenario } from '../workload/scenario/scenario.ts';

/** How near what a scenario makes comes to a recording. */
export async function distancesOfFit(
  scenario: Scenario,
  seed: number,
  recording: NamedMeasures,
): Promise<TraceDistances> {
  const measures = await measureTrace(recordBatches({ scenario, seed }));
  return traceDistances(recording, { name: scenario.name, measures });
}

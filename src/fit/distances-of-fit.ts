import { type NamedMeasures, type TraceDistances, traceDistances } from '../nearness/trace-distances.ts';
import { measureTrace } from '../nearness/trace-measures.ts';
import type { ClientScenario } from '../workload/clients/client-scenario.ts';
import { openCacheLoad } from '../workload/clients/open-cache-load.ts';
import { recordBatches } from '../workload/generate/record-batches.ts';
import type { Scenario } from '../workload/scenario/scenario.ts';

/** Artifacts have to be made to be measured. */
const MOST_OF_CLIENTS = 50_000;

/** How near what a scenario makes comes to a recording. */
export async function distancesOfFit(
  scenario: Scenario,
  seed: number,
  recording: NamedMeasures,
): Promise<TraceDistances> {
  const measures = await measureTrace(recordBatches({ scenario, seed }));
  return traceDistances(recording, { name: scenario.name, measures });
}

/**
 * How near what clients do comes to a recording. When they do it follows from the answers of a server that is not there:
 * so it is their operations at the mean rate of the recording, at most 50,000 of them.
 */
export async function distancesOfClients(
  { name, load }: ClientScenario,
  seed: number,
  recording: NamedMeasures,
): Promise<TraceDistances> {
  const ratePerSec = Math.max(1e-3, recording.measures.records / (load.durationNs / 1e9));
  const durationNs = Math.min(load.durationNs, (MOST_OF_CLIENTS / ratePerSec) * 1e9);
  const trace = openCacheLoad({ ...load, durationNs, seed }, ratePerSec);
  return traceDistances(recording, { name, measures: await measureTrace(trace.records()) });
}

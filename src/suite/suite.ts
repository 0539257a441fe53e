import { createHash } from 'node:crypto';
import type { ClientsLoad } from '../workload/clients/client-scenario.ts';
import type { ScenarioClients } from '../workload/clients/scenario-script.ts';
import type { SeededScenario } from '../workload/generate/record-batches.ts';

/** The operations of a scenario: when they are due, or by clients that wait for their answers. */
export interface ScenarioLoad extends SeededScenario {
  /** As the suite names it. */
  readonly named: string;
  readonly clients?: ScenarioClients | undefined;
}

/** What one run of a suite sends: the operations of a scenario, or what clients of a build cache do. */
export type SuiteLoad = ScenarioLoad | ClientsLoad;

/** One run of a suite. Plain data. */
export interface SuiteRun {
  /** Tells it from the others of its suite. */
  readonly name: string;
  readonly load: SuiteLoad;
  /** The memories of a scenario are stored before. */
  readonly preloads: boolean;
  /** The pause after it, before the next run. */
  readonly coolDownNs: number;
}

/** Runs that are played one after the other, and what they have to hold. */
export interface Suite {
  readonly name: string;
  readonly description: string;
  readonly runs: readonly SuiteRun[];
}

/** SHA-256 of what a run sends and has to hold: two runs with the same one are the same run. */
export function runDigest({ load, preloads }: SuiteRun): string {
  return createHash('sha256').update(JSON.stringify({ load, preloads })).digest('hex');
}

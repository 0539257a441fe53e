import type { RunOptions } from '../replay-run/options/run-options.ts';
import { sendersFor } from '../replay-run/shards/senders-for.ts';
import type { ClientsLoad } from '../workload/clients/client-scenario.ts';
import { type ClosedLoad, closedCacheLoad } from '../workload/clients/closed-cache-load.ts';
import { closedScenarioLoad } from '../workload/clients/closed-scenario-load.ts';
import { openCacheLoad } from '../workload/clients/open-cache-load.ts';
import type { ScenarioClients } from '../workload/clients/scenario-script.ts';
import type { SeededScenario } from '../workload/generate/record-batches.ts';

/** What a load without a recording makes of a run. */
export type LoadRun = Pick<RunOptions, 'trace' | 'closedLoop' | 'senders' | 'limits' | 'traceSeed'>;

/** How a load is played. */
export interface LoadPlay {
  /** Threads that send; as many as the load wants where undefined. */
  readonly senders?: number | undefined;
  /** What names the targets in the command of the open loop, such as ` --endpoint http://cache:7432`. */
  readonly targetFlags?: string | undefined;
}

/** A run of clients. Throws `usage` for a load that makes no sense. */
export function clientsRun(
  { load, pace, limits }: ClientsLoad,
  { senders, targetFlags }: LoadPlay = {},
): LoadRun {
  const { hitRateTolerance: tolerance, ...others } = limits;
  const hitRate = tolerance === undefined ? undefined : { wanted: load.hitRate, tolerance };
  const judged = { limits: { ...others, hitRate } };
  const run =
    'ratePerSec' in pace
      ? { trace: openCacheLoad(load, pace.ratePerSec) }
      : closedCacheLoad(load, pace, targetFlags);
  return { ...run, senders: senders ?? sendersFor(run), ...judged };
}

/** A run of clients that send the operations of a scenario. Throws `usage` for clients that make no sense. */
export function scenarioClientsRun(
  seeded: SeededScenario,
  clients: ScenarioClients,
  named: string,
  { senders, targetFlags = '' }: LoadPlay = {},
): LoadRun & ClosedLoad {
  const run = closedScenarioLoad(seeded, clients, { named, targetFlags });
  return { ...run, senders: senders ?? sendersFor(run) };
}

import type { RunOptions } from '../replay-run/options/run-options.ts';
import { sendersFor } from '../replay-run/shards/senders-for.ts';
import type { CacheLoad } from '../workload/clients/cache-load.ts';
import type { ClientPace } from '../workload/clients/client-pace.ts';
import type { ClientLimits } from '../workload/clients/client-scenario.ts';
import { closedCacheLoad } from '../workload/clients/closed-cache-load.ts';
import { openCacheLoad } from '../workload/clients/open-cache-load.ts';

/** What a load without a recording makes of a run. */
export type LoadRun = Pick<RunOptions, 'trace' | 'closedLoop' | 'senders' | 'limits' | 'traceSeed'>;

/** Clients of a build cache: at their own pace, or their traffic at a rate of its own. */
export interface ClientsLoad {
  readonly load: CacheLoad;
  readonly pace: ClientPace | { readonly ratePerSec: number };
  readonly limits: ClientLimits;
  /** Threads that send; as many as the load wants where undefined. */
  readonly senders?: number | undefined;
  /** What names the targets in the command of the open loop, such as ` --endpoint http://cache:7432`. */
  readonly targetFlags?: string | undefined;
}

/** A run of clients. Throws `usage` for a load that makes no sense. */
export function clientsRun({ load, pace, limits, senders, targetFlags }: ClientsLoad): LoadRun {
  const { hitRateTolerance: tolerance, ...others } = limits;
  const hitRate = tolerance === undefined ? undefined : { wanted: load.hitRate, tolerance };
  const judged = { limits: { ...others, hitRate } };
  const run =
    'ratePerSec' in pace
      ? { trace: openCacheLoad(load, pace.ratePerSec) }
      : closedCacheLoad(load, pace, targetFlags);
  return { ...run, senders: senders ?? sendersFor(run), ...judged };
}

import type { ReplayOptions } from '../replay/replay-options.ts';
import type { ChaosRun, ChaosTarget } from './options/chaos-load.ts';
import type { RunOptions } from './options/run-options.ts';
import type { TargetAddresses } from './target/look-up-targets.ts';
import { allTargets } from './target/targets.ts';

/** Makes the chaos of a run ready, where it has any: for every server that its load goes to. */
export async function openChaos(
  run: RunOptions,
  { shard, signal }: ReplayOptions,
  addresses: readonly TargetAddresses[],
): Promise<ChaosRun | undefined> {
  if (run.chaos === undefined || signal?.aborted === true) return undefined;
  const targets = chaosTargets(run, addresses);
  return targets.length === 0 ? undefined : run.chaos.open(targets, shard);
}

function chaosTargets(run: RunOptions, addresses: readonly TargetAddresses[]): ChaosTarget[] {
  const { trace, tls, headers = [] } = run;
  const protocols = [...(trace.hints.protocols ?? (['http', 'grpc'] as const))];
  return allTargets(run).flatMap((target, place) =>
    protocols.flatMap((protocol) => {
      const { [protocol]: endpoint } = target;
      if (endpoint === undefined) return [];
      return [{ protocol, endpoint, addresses: addresses[place]?.[protocol], tls, headers }];
    }),
  );
}

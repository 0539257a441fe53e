import { machineNames } from '../../machine-names.ts';
import type { RunOptions } from '../options/run-options.ts';
import type { TargetAddresses } from '../target/look-up-targets.ts';
import { allTargets } from '../target/targets.ts';
import { createOriginGuard, type OriginGuard } from './origin-guard.ts';

/** The guard of a run whose targets have these addresses; undefined where the user waives it. */
export function openOriginGuard(
  run: RunOptions,
  addresses: readonly TargetAddresses[],
): OriginGuard | undefined {
  if (run.allowOrigin === true) return undefined;
  const textsOf = (of: TargetAddresses['http']): string[] => (of ?? []).map(({ address }) => address);
  const targets = allTargets(run);
  return createOriginGuard({
    origins: run.trace.header.origins,
    targets,
    machine: machineNames(),
    addressesOf: (target, protocol) => textsOf(addresses[target]?.[protocol]),
  });
}

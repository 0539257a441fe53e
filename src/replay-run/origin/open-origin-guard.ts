import { machineNames } from '../../machine-names.ts';
import type { RunOptions } from '../options/run-options.ts';
import type { TargetAddresses } from '../target/look-up-targets.ts';
import { createOriginGuard, type OriginGuard } from './origin-guard.ts';

/** The guard of a run whose targets have these addresses; undefined where the user waives it. */
export function openOriginGuard(run: RunOptions, addresses: TargetAddresses): OriginGuard | undefined {
  if (run.allowOrigin === true) return undefined;
  const textsOf = (of: TargetAddresses['http']): string[] => (of ?? []).map(({ address }) => address);
  return createOriginGuard({
    origins: run.trace.header.origins,
    targets: run,
    machine: machineNames(),
    addressesOf: (endpoint) => textsOf(endpoint === run.http ? addresses.http : addresses.grpc),
  });
}

import type { Protocol } from '../../trace/record/record.ts';
import type { AddressUse } from '../../transports/connect/address-spread.ts';

/** How one address of the name of a protocol's target was used. Plain data. */
export interface TargetAddressUse extends AddressUse {
  /** The place of the target among those of the run, from 0. */
  readonly target: number;
  readonly protocol: Protocol;
}

/** Adds up what several senders to the same targets tell. */
export function sumAddressUse(lists: readonly (readonly TargetAddressUse[])[]): TargetAddressUse[] {
  const sums = new Map<string, TargetAddressUse>();
  for (const use of lists.flat()) {
    const key = `${use.target} ${use.protocol} ${use.address}`;
    const sum = sums.get(key);
    sums.set(key, sum === undefined ? use : added(sum, use));
  }
  return [...sums.values()];
}

function added(sum: TargetAddressUse, more: TargetAddressUse): TargetAddressUse {
  return {
    ...sum,
    connections: known(sum.connections, more.connections),
    failedAttempts: known(sum.failedAttempts, more.failedAttempts),
  };
}

/** The sum; undefined where one of the two is not known. */
function known(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}

import type { Protocol, TraceRecord } from '../../trace/record/record.ts';
import type { Endpoint } from './endpoint.ts';
import type { TransportChoice } from './transport-choice.ts';

/** Where the operations of each protocol go; undefined: nowhere, and their records take no part. */
export type Targets = Readonly<Record<Protocol, Endpoint | undefined>>;

/** A target, or the first of several that sessions are spread over (`targetOf`). */
export interface SpreadTargets extends Targets {
  /** The others; each has the same protocols as the first. */
  readonly moreTargets?: readonly Targets[] | undefined;
}

/** All targets of a run, in the order in which they were given. */
export function allTargets({ http, grpc, moreTargets = [] }: SpreadTargets): readonly Targets[] {
  return [{ http, grpc }, ...moreTargets];
}

/** How many targets sessions are spread over. */
export function targetCount({ moreTargets = [] }: SpreadTargets): number {
  return 1 + moreTargets.length;
}

/**
 * Tells which records have somewhere to go: those of a protocol with an endpoint. A transport of the caller's needs none,
 * and takes all records where none is named.
 */
export function hasTargetIn({
  http,
  grpc,
  transport,
}: Targets & { readonly transport?: TransportChoice | undefined }): (
  record: Pick<TraceRecord, 'protocol'>,
) => boolean {
  if (typeof transport === 'object' && http === undefined && grpc === undefined) return () => true;
  return ({ protocol }) => (protocol === 'http' ? http : grpc) !== undefined;
}

import type { Protocol, TraceRecord } from '../../trace/record/record.ts';
import type { Endpoint } from './endpoint.ts';
import type { TransportChoice } from './transport-choice.ts';

/** Where the operations of each protocol go; undefined: nowhere, and their records take no part. */
export type Targets = Readonly<Record<Protocol, Endpoint | undefined>>;

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

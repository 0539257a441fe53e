import type { Protocol, TraceRecord } from '../../trace/record/record.ts';
import type { Endpoint } from './endpoint.ts';

/** Where the operations of each protocol go; undefined: nowhere, and their records take no part. */
export type Targets = Readonly<Record<Protocol, Endpoint | undefined>>;

/** Tells which records have somewhere to go. */
export function hasTargetIn(targets: Targets): (record: Pick<TraceRecord, 'protocol'>) => boolean {
  return ({ protocol }) => targets[protocol] !== undefined;
}

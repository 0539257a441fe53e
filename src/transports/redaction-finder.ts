import type { HeaderList, Protocol, TraceRecord } from '../trace/record.ts';
import { redactedMetadata } from './grpc-metadata-rules.ts';
import { redactedHttpHeaders } from './http-headers.ts';
import { isRedacted, redactedParts } from './redacted.ts';

/** What of a record is not sent because it was redacted: `header:authorization`, `query:key`; empty: nothing. */
export type RedactionFinder = (
  record: Pick<TraceRecord, 'protocol' | 'path' | 'headers'>,
) => readonly string[];

/** `overrides` are put in place of recorded headers, and what they fill in is not missing. */
export function createRedactionFinder(overrides: HeaderList): RedactionFinder {
  // Lists are shared by many records, so each is looked at once.
  const known: Record<Protocol, WeakMap<HeaderList, readonly string[]>> = {
    http: new WeakMap(),
    grpc: new WeakMap(),
  };
  return ({ protocol, path, headers }) => {
    let lost = known[protocol].get(headers);
    if (lost === undefined) {
      const find = protocol === 'http' ? redactedHttpHeaders : redactedMetadata;
      lost = find(headers, overrides).map((name) => `header:${name}`);
      known[protocol].set(headers, lost);
    }
    return isRedacted(path) ? [...lost, ...redactedParts(path)] : lost;
  };
}

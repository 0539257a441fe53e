import type { GrpcStream, HeaderList, Protocol, TraceRecord } from '../trace/record.ts';
import { redactedMetadata } from './grpc-metadata-rules.ts';
import { redactedHttpHeaders } from './http-headers.ts';
import { holdsRedacted, isRedacted, redactedParts } from './redacted.ts';

/**
 * What of a record is not sent because it was redacted: `header:authorization`, `query:key`; `body` where fields of the
 * body are sent as `[redacted]`; empty: nothing.
 */
export type RedactionFinder = (
  record: Pick<TraceRecord, 'protocol' | 'path' | 'headers' | 'body' | 'stream'>,
) => readonly string[];

/**
 * `overrides` are put in place of recorded headers, and what they fill in is not missing. `redacted`: what the trace says
 * was redacted; bodies are looked at only where it tells of bodies.
 */
export function createRedactionFinder(
  overrides: HeaderList,
  redacted: readonly string[] = [],
): RedactionFinder {
  const hasBodies = redacted.some((name) => name.startsWith('body:'));
  // Lists are shared by many records, so each is looked at once.
  const known: Record<Protocol, WeakMap<HeaderList, readonly string[]>> = {
    http: new WeakMap(),
    grpc: new WeakMap(),
  };
  return ({ protocol, path, headers, body, stream }) => {
    let lost = known[protocol].get(headers);
    if (lost === undefined) {
      const find = protocol === 'http' ? redactedHttpHeaders : redactedMetadata;
      lost = find(headers, overrides).map((name) => `header:${name}`);
      known[protocol].set(headers, lost);
    }
    const inPath = isRedacted(path) ? redactedParts(path) : [];
    const inBody = hasBodies && isBodyRedacted(body, stream) ? ['body'] : [];
    return inPath.length + inBody.length === 0 ? lost : [...lost, ...inPath, ...inBody];
  };
}

function isBodyRedacted(body: Uint8Array, stream: GrpcStream | undefined): boolean {
  const messages = stream?.messages.filter((message) => !message.fromServer) ?? [];
  return holdsRedacted(body) || messages.some(({ data }) => holdsRedacted(data));
}

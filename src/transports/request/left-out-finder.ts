import type { GrpcStream, HeaderList, Protocol, TraceRecord } from '../../trace/record/record.ts';
import { redactedMetadata, unsendableMetadata } from './grpc-metadata-rules.ts';
import { redactedHttpHeaders, unsendableHttpHeaders } from './http-headers.ts';
import { holdsRedacted, isRedacted, redactedParts } from './redacted.ts';

/** The parts of a record that are not sent. */
export interface UnsentParts {
  /**
   * Because it was redacted: `header:authorization`, `query:key`; `body` where fields of the body are sent as
   * `[redacted]`; empty: nothing.
   */
  readonly redacted: readonly string[];
  /** Because no message can hold it: `header:x-name`. */
  readonly unsendable: readonly string[];
}

/** Finds the parts of a record that are not sent. */
export type LeftOutFinder = (
  record: Pick<TraceRecord, 'protocol' | 'path' | 'headers' | 'body' | 'stream'>,
) => UnsentParts;

/**
 * `overrides` are put in place of recorded headers, and what they fill in is not missing. `redacted`: what the trace says
 * was redacted; bodies are looked at only where it tells of bodies.
 */
export function createLeftOutFinder(overrides: HeaderList, redacted: readonly string[] = []): LeftOutFinder {
  const hasBodies = redacted.some((name) => name.startsWith('body:'));
  // Lists are shared by many records, so each is looked at once.
  const known: Record<Protocol, WeakMap<HeaderList, UnsentParts>> = {
    http: new WeakMap(),
    grpc: new WeakMap(),
  };
  const inHeaders = (protocol: Protocol, headers: HeaderList): UnsentParts => {
    let found = known[protocol].get(headers);
    if (found === undefined) {
      found = FIND[protocol](headers, overrides);
      known[protocol].set(headers, found);
    }
    return found;
  };
  // Records of one kind share a list, and follow each other.
  let lastList: HeaderList | undefined;
  let lastProtocol: Protocol | undefined;
  let lost: UnsentParts = { redacted: [], unsendable: [] };
  return ({ protocol, path, headers, body, stream }) => {
    if (headers !== lastList || protocol !== lastProtocol) {
      lost = inHeaders(protocol, headers);
      lastList = headers;
      lastProtocol = protocol;
    }
    if (!hasBodies && !isRedacted(path)) return lost;
    const inPath = isRedacted(path) ? redactedParts(path) : [];
    const inBody = hasBodies && isBodyRedacted(body, stream) ? ['body'] : [];
    if (inPath.length + inBody.length === 0) return lost;
    return { ...lost, redacted: [...lost.redacted, ...inPath, ...inBody] };
  };
}

const FIND: Record<Protocol, (headers: HeaderList, overrides: HeaderList) => UnsentParts> = {
  http: (headers, overrides) => ({
    redacted: redactedHttpHeaders(headers, overrides).map(asHeader),
    unsendable: unsendableHttpHeaders(headers, overrides).map(asHeader),
  }),
  grpc: (headers, overrides) => ({
    redacted: redactedMetadata(headers, overrides).map(asHeader),
    unsendable: unsendableMetadata(headers, overrides).map(asHeader),
  }),
};

function asHeader(name: string): string {
  return `header:${name}`;
}

function isBodyRedacted(body: Uint8Array, stream: GrpcStream | undefined): boolean {
  const messages = stream?.messages.filter((message) => !message.fromServer) ?? [];
  return holdsRedacted(body) || messages.some(({ data }) => holdsRedacted(data));
}

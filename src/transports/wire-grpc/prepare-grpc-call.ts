import { EngramTraceError } from '../../error.ts';
import type { HeaderList, TraceRecord } from '../../trace/record/record.ts';
import { checkGrpcPath } from '../request/grpc-checks.ts';
import { createMetadataRules, grpcTimeout, headerValue } from '../request/grpc-metadata-rules.ts';
import { playedDeadlineNs } from '../request/played-deadline.ts';
import { isRedacted } from '../request/redacted.ts';
import { isSendableHeader } from '../request/sendable-header.ts';
import { headerFrames } from './header-block.ts';
import { framed } from './outgoing.ts';

/** A call made ready: nothing in it depends on a connection, so it can be made ahead, by another thread too. */
export interface PreparedGrpcCall {
  /** HEADERS frame and what continues it, stream 0 in place of the stream's number. Shared: never change it. */
  head: Uint8Array;
  /** The one message, without its five bytes of framing; undefined for a stream, which is played from its record. */
  message: Uint8Array | undefined;
  isCompressed: boolean;
  deadlineNs: number | undefined;
}

/** Holds what all calls to one target have in common, and the header frames known so far. */
export interface GrpcCallContext {
  scheme: 'http' | 'https';
  /** The `:authority` of each call. */
  authority: string;
  metadataOf: (recorded: HeaderList) => [key: string, value: string][];
  known: WeakMap<HeaderList, Map<string, KnownHead>>;
}

interface KnownHead {
  deadlineNs: number | undefined;
  head: Uint8Array;
}

/** What is not recorded of a client is made up as this. */
const OWN_USER_AGENT = 'engram-trace';
/** Paths remembered for one list of headers: in a trace, those of a block. */
const MAX_KNOWN_PATHS = 256;

export function createGrpcCallContext(options: {
  scheme: 'http' | 'https';
  authority: string;
  /** In place of, or besides, the recorded metadata. */
  metadata: HeaderList;
}): GrpcCallContext {
  const { scheme, authority, metadata } = options;
  return { scheme, authority, metadataOf: createMetadataRules(metadata), known: new WeakMap() };
}

/**
 * Turns a record into bytes; equal records give equal bytes, whatever the context has seen before. Throws
 * `bad_record` for what gRPC does not allow. `timeScale` is for the deadline of a stream.
 */
export function prepareGrpcCall(
  record: TraceRecord,
  context: GrpcCallContext,
  timeScale = 1,
): PreparedGrpcCall {
  const { stream, body } = record;
  const deadlineNs = playedDeadlineNs(record, timeScale);
  const isCompressed = stream === undefined && record.bodyCompressed;
  if (isCompressed) checkEncoding(record);
  return {
    head: headOf(record, deadlineNs, context),
    message: stream === undefined ? body : undefined,
    isCompressed,
    deadlineNs,
  };
}

/** Makes a stream's message as it goes out: what was recorded compressed stays so. */
export function streamMessage(data: Uint8Array, isCompressed: boolean, record: TraceRecord): Buffer {
  if (isCompressed) checkEncoding(record);
  return framed(data, isCompressed);
}

function checkEncoding({ headers }: TraceRecord): void {
  if ((headerValue(headers, 'grpc-encoding') ?? 'identity') === 'identity') {
    throw new EngramTraceError('bad_record', 'a message is compressed and no grpc-encoding was recorded');
  }
}

function headOf(record: TraceRecord, deadlineNs: number | undefined, context: GrpcCallContext): Uint8Array {
  const { headers, path } = record;
  let byPath = context.known.get(headers);
  const known = byPath?.get(path);
  if (known !== undefined && known.deadlineNs === deadlineNs) return known.head;
  const head = headerFrames(headerList(record, deadlineNs, context));
  if (byPath === undefined || byPath.size >= MAX_KNOWN_PATHS) {
    byPath = new Map();
    context.known.set(headers, byPath);
  }
  byPath.set(path, { deadlineNs, head });
  return head;
}

/** Lists the headers of a call in the order of the gRPC protocol's `Request-Headers`. */
function headerList(
  record: TraceRecord,
  deadlineNs: number | undefined,
  { scheme, authority, metadataOf }: GrpcCallContext,
): string[] {
  const { headers, path } = record;
  checkGrpcPath(path);
  const list = [
    ':method',
    'POST',
    ':scheme',
    scheme,
    ':path',
    path,
    ':authority',
    authority,
    'te',
    'trailers',
  ];
  if (deadlineNs !== undefined) list.push('grpc-timeout', grpcTimeout(deadlineNs));
  const contentType = recorded(headers, 'content-type');
  list.push('content-type', /^application\/grpc/i.test(contentType) ? contentType : 'application/grpc');
  for (const name of ['grpc-encoding', 'grpc-accept-encoding', 'grpc-message-type']) {
    const value = recorded(headers, name);
    if (value !== '') list.push(name, value);
  }
  list.push('user-agent', recorded(headers, 'user-agent') || OWN_USER_AGENT);
  for (const [key, value] of metadataOf(headers)) list.push(key, value);
  return list;
}

function recorded(headers: HeaderList, name: string): string {
  const value = headerValue(headers, name) ?? '';
  return isRedacted(value) || !isSendableHeader(name, value) ? '' : value;
}

import type { SendOutcome } from '../../replay/ports.ts';
import { failedSend } from '../../replay/send-outcome.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import { isRedacted } from '../request/redacted.ts';
import { isAsterisk, sentTarget } from '../request/request-target.ts';
import type { HttpRequestContext, PreparedHeaders } from './request-headers.ts';

/** The parts of a record that a request is made of. */
export type HttpRequestRecord = Pick<TraceRecord, 'method' | 'path' | 'headers' | 'body' | 'httpVersion'>;

/** Room for this many bytes; what was in it does not matter. */
export type Allocate = (sizeBytes: number) => Buffer;

/**
 * The bytes of an HTTP/1.1 request (HTTP/1.0 where that was recorded), head and body in one piece and in what `allocate` gave, or the outcome of a
 * record that can't be sent. It depends on nothing but its arguments, so it can run ahead of time and elsewhere.
 */
export function prepareHttpRequest(
  record: HttpRequestRecord,
  context: HttpRequestContext,
  allocate: Allocate = Buffer.allocUnsafe,
): Buffer | SendOutcome {
  return prepare(record, context, allocate, record.body);
}

/** Like `prepareHttpRequest`, but without the body: for those too large to copy. */
export function prepareHttpHead(
  record: HttpRequestRecord,
  context: HttpRequestContext,
): Buffer | SendOutcome {
  return prepare(record, context, Buffer.allocUnsafe, undefined);
}

/** Whether preparing a request ended in an outcome, because it can't be sent. */
export function isRefusal(prepared: Uint8Array | SendOutcome): prepared is SendOutcome {
  return 'failure' in prepared;
}

function prepare(
  record: HttpRequestRecord,
  context: HttpRequestContext,
  allocate: Allocate,
  body: Uint8Array | undefined,
): Buffer | SendOutcome {
  const { method } = record;
  const path = sentTarget(method, record.path);
  const headers = context(record.headers, record.httpVersion);
  const refusal = headers.refusal ?? refusalOf(method, path);
  if (refusal !== undefined) return refusal;
  const start = `${method} ${path}`;
  const bodyBytes = record.body.length;
  if (bodyBytes === 0) {
    const end = endWithoutBody(method, headers);
    const bytes = allocate(start.length + end.length);
    bytes.write(start, 0, 'latin1');
    bytes.set(end, start.length);
    return bytes;
  }
  const end = `content-length: ${bodyBytes}\r\n\r\n`;
  const endAt = start.length + headers.front.length;
  const bodyAt = endAt + end.length;
  const bytes = allocate(bodyAt + (body?.length ?? 0));
  bytes.write(start, 0, 'latin1');
  bytes.set(headers.front, start.length);
  bytes.write(end, endAt, 'latin1');
  if (body !== undefined) bytes.set(body, bodyAt);
  return bytes;
}

/** Methods that tell the length of a body they don't have. */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH']);

function endWithoutBody(method: string, headers: PreparedHeaders): Buffer {
  return WITH_BODY.has(method) ? headers.withEmptyBody : headers.withoutBody;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TARGET = /^\/[\x21-\xff]*$/;

function refusalOf(method: string, path: string): SendOutcome | undefined {
  const problem =
    method === 'CONNECT'
      ? 'CONNECT opens a tunnel and is not replayed'
      : !TOKEN.test(method)
        ? 'invalid request method'
        : !TARGET.test(path) && !isAsterisk(method, path)
          ? 'invalid request path: it starts with a slash and holds no space, control character or the like'
          : isRedacted(path)
            ? 'the request path was redacted'
            : undefined;
  return problem === undefined ? undefined : failedSend('bad_request', problem);
}

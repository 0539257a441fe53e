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
  const { method, path: recorded } = record;
  const isAsRecorded = recorded.startsWith('/') && !isRedacted(recorded);
  const path = isAsRecorded ? recorded : sentTarget(method, recorded);
  const headers = context(record.headers, record.httpVersion);
  const refusal = headers.refusal ?? refusalOf(method, path, !isAsRecorded);
  if (refusal !== undefined) return refusal;
  const startBytes = method.length + 1 + path.length;
  const bodyBytes = record.body.length;
  if (bodyBytes === 0) {
    const end = endWithoutBody(method, headers);
    const bytes = allocate(startBytes + end.length);
    writeStart(bytes, method, path);
    bytes.set(end, startBytes);
    return bytes;
  }
  const end = `content-length: ${bodyBytes}\r\n\r\n`;
  const endAt = startBytes + headers.front.length;
  const bodyAt = endAt + end.length;
  const bytes = allocate(bodyAt + (body?.length ?? 0));
  writeStart(bytes, method, path);
  bytes.set(headers.front, startBytes);
  writeLatin1(bytes, end, endAt);
  if (body !== undefined) bytes.set(body, bodyAt);
  return bytes;
}

const SPACE = 0x20;
const SLASH = 0x2f;
/** Up to here a loop is cheaper than a call into Node. */
const SHORT_TEXT = 128;

function writeStart(bytes: Buffer, method: string, path: string): void {
  writeLatin1(bytes, method, 0);
  bytes[method.length] = SPACE;
  writeLatin1(bytes, path, method.length + 1);
}

function writeLatin1(bytes: Buffer, text: string, at: number): void {
  const { length } = text;
  if (length > SHORT_TEXT) bytes.write(text, at, 'latin1');
  else for (let i = 0; i < length; i += 1) bytes[at + i] = text.charCodeAt(i);
}

/** Methods that tell the length of a body they don't have. */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH']);

function endWithoutBody(method: string, headers: PreparedHeaders): Buffer {
  return WITH_BODY.has(method) ? headers.withEmptyBody : headers.withoutBody;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TARGET = /^\/[\x21-\xff]*$/;
/** The method that was looked at last, and can be sent: most are the same, or one of a few. */
let sendableMethod = 'GET';

function isSendableMethod(method: string): boolean {
  if (method === sendableMethod) return true;
  if (method === 'CONNECT' || !TOKEN.test(method)) return false;
  sendableMethod = method;
  return true;
}

function isTarget(path: string): boolean {
  const { length } = path;
  if (length > SHORT_TEXT) return TARGET.test(path);
  for (let i = 1; i < length; i += 1) {
    const code = path.charCodeAt(i);
    if (code < 0x21 || code > 0xff) return false;
  }
  return path.charCodeAt(0) === SLASH;
}

/** `mayHoldRedacted`: what was redacted in the record may still be in the path. */
function refusalOf(method: string, path: string, mayHoldRedacted: boolean): SendOutcome | undefined {
  if (!mayHoldRedacted && isSendableMethod(method) && isTarget(path)) return undefined;
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

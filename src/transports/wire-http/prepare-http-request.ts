import type { SendOutcome } from '../../replay/ports.ts';
import type { TraceRecord } from '../../trace/record.ts';
import type { HttpRequestContext } from './http-request-context.ts';

/** What a request is made of; a record has all of it. */
export type HttpRequestRecord = Pick<TraceRecord, 'method' | 'path' | 'headers' | 'body'>;

/** Room for this many bytes; what was in it does not matter. */
export type Allocate = (sizeBytes: number) => Buffer;

/**
 * The bytes of an HTTP/1.1 request, head and body in one piece, or the outcome of a record that can't be sent. It
 * depends on nothing but its arguments, so it can run ahead of time and in another thread. Without a body the bytes
 * are shared by all such requests and must not be changed; else they are in what `allocate` gave.
 */
export function prepareHttpRequest(
  record: HttpRequestRecord,
  context: HttpRequestContext,
  allocate: Allocate = Buffer.allocUnsafe,
): Buffer | SendOutcome {
  const head = context.headFor(record.method, record.path, record.headers);
  if (isRefusal(head)) return head;
  const { body } = record;
  if (body.length === 0) return head.whole;
  const end = lengthLine(body.length);
  const bodyAt = head.front.length + end.length;
  const bytes = allocate(bodyAt + body.length);
  bytes.set(head.front);
  bytes.write(end, head.front.length, 'latin1');
  bytes.set(body, bodyAt);
  return bytes;
}

/** Like `prepareHttpRequest`, without the body: for bodies too large to copy. */
export function prepareHttpHead(
  record: HttpRequestRecord,
  context: HttpRequestContext,
): Buffer | SendOutcome {
  const head = context.headFor(record.method, record.path, record.headers);
  if (isRefusal(head)) return head;
  if (record.body.length === 0) return head.whole;
  return Buffer.concat([head.front, Buffer.from(lengthLine(record.body.length), 'latin1')]);
}

/** Tells an outcome from bytes. */
export function isRefusal(prepared: object): prepared is SendOutcome {
  return 'failure' in prepared;
}

function lengthLine(sizeBytes: number): string {
  return `content-length: ${sizeBytes}\r\n\r\n`;
}

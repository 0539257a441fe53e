import { isUtf8 } from 'node:buffer';
import { type HeaderList, NO_BYTES, type StreamMessage, type TraceRecord } from '../trace/record/record.ts';
import { redactBody } from './redact/redact-body.ts';
import { messageOf } from './redact/redact-protobuf.ts';
import type { NameRule } from './redact/redact-url.ts';
import type { RecordSink } from './taps/tap.ts';

/** What the header of a trace lists as redacted where capture looked into bodies. */
export const BODY_NAMES: readonly string[] = [
  'body:json',
  'body:form',
  'body:multipart',
  'body:engram-protobuf',
];

/**
 * A sink that replaces secret fields in the bodies of records on their way to `sink`. A request body that should be
 * looked into and can't be is not kept, and counts as truncated; such an answer is left out.
 */
export function createRedactingSink(sink: RecordSink, rule: NameRule): RecordSink {
  return {
    add(record, truncatedBytes) {
      const missingBytes =
        record.protocol === 'grpc' ? redactCall(record, rule) : redactRequest(record, rule);
      record.bodyBytesMissing += missingBytes;
      sink.add(record, truncatedBytes + missingBytes);
    },
    drop: (count) => sink.drop(count),
    unfollowed: (connections, bytes) => sink.unfollowed(connections, bytes),
  };
}

/** Redacts a request, and returns how many of its bytes could not be kept. */
function redactRequest(record: TraceRecord, rule: NameRule): number {
  const contentType = headerText(record.headers, 'content-type');
  const coding = headerText(record.headers, 'content-encoding').toLowerCase();
  const { body, outcome } = record;
  if (outcome.response !== undefined) outcome.response = redactAnswer(record, outcome.response, rule);
  record.body = redactBody(body, { contentType, coding }, rule) ?? NO_BYTES;
  return record.body.length === 0 ? body.length : 0;
}

/** The headers of an answer are not recorded: what it is, it has to look like. */
function redactAnswer(record: TraceRecord, answer: Uint8Array, rule: NameRule): Uint8Array | undefined {
  const isGzip = answer[0] === 0x1f && answer[1] === 0x8b;
  const mayBeCoded = /\b(?:br|zstd|deflate)\b/i.test(headerText(record.headers, 'accept-encoding'));
  if (!isGzip && mayBeCoded && !isUtf8(answer)) return undefined;
  return redactBody(answer, { contentType: '', coding: isGzip ? 'gzip' : '' }, rule);
}

function redactCall(record: TraceRecord, rule: NameRule): number {
  const contentType = headerText(record.headers, 'content-type');
  const coding = headerText(record.headers, 'grpc-encoding').toLowerCase();
  const redacted = (data: Uint8Array, fromServer: boolean, compressed: boolean): Uint8Array | undefined => {
    const isProto = !/\+json/i.test(contentType);
    const message = isProto ? messageOf(record.path, fromServer) : undefined;
    // Which coding a server compresses with is not recorded; gzip is what all know.
    const kind = { contentType, coding: compressed ? (fromServer ? 'gzip' : coding) : '', message };
    return redactBody(data, kind, rule);
  };
  const { body, outcome, stream } = record;
  if (outcome.response !== undefined) {
    const isGzip = outcome.response[0] === 0x1f && outcome.response[1] === 0x8b;
    outcome.response = redacted(outcome.response, true, isGzip);
  }
  record.body = redacted(body, false, record.bodyCompressed) ?? NO_BYTES;
  let missingBytes = record.body.length === 0 ? body.length : 0;
  for (const message of stream?.messages ?? []) missingBytes += redactMessage(message, redacted);
  return missingBytes;
}

/** Redacts one message. A message that was whole stays whole: its size is that of the bytes that are kept. */
function redactMessage(
  message: StreamMessage,
  redacted: (data: Uint8Array, fromServer: boolean, compressed: boolean) => Uint8Array | undefined,
): number {
  const { data, fromServer, sizeBytes } = message;
  const isWhole = data.length === sizeBytes;
  const clean = redacted(data, fromServer, message.compressed);
  if (clean === data) return 0;
  message.data = clean ?? NO_BYTES;
  if (isWhole && clean !== undefined) message.sizeBytes = clean.length;
  return clean === undefined && !fromServer ? data.length : 0;
}

/** All values of a header, joined by commas. */
function headerText(headers: HeaderList, name: string): string {
  return headers
    .filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === name)
    .join(', ')
    .trim();
}

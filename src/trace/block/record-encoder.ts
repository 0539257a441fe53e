import { EngramTraceError } from '../../error.ts';
import type { ByteWriter } from '../bytes/byte-writer.ts';
import type { GrpcStream, Outcome, StreamMessage, TraceRecord } from '../record/record.ts';
import type { StringTable } from './string-table.ts';

// Tags: field number << 3 | wire type (0 varint, 2 length-delimited, 5 four bytes). Fields of `Record`, …
export const TAG = {
  startDelta: 8,
  duration: 16,
  session: 24,
  op: 32,
  space: 40,
  protocol: 48,
  method: 56,
  path: 64,
  headerSet: 72,
  body: 82,
  bodyBytesMissing: 88,
  stream: 98,
  deadline: 104,
  outcome: 114,
  bodyCompressed: 120,
  httpVersion: 128,
} as const;

// … of `Stream` and `Message`, …
export const STREAM_TAG = { message: 10, halfClose: 16, cancel: 24 } as const;
export const MESSAGE_TAG = { fromServer: 8, offset: 16, data: 26, size: 32, compressed: 40 } as const;

// … and of `Outcome`.
export const OUTCOME_TAG = {
  status: 8,
  ok: 16,
  error: 24,
  responseSize: 32,
  responseCrc32: 45,
  itemCount: 48,
  response: 58,
} as const;

export const HTTP = 1;
export const GRPC = 2;
export const HTTP_1_0 = 1;

/** Writes all fields of a Record but its start, which is a difference to a neighbour not known yet. */
export function encodeRecord(record: TraceRecord, strings: StringTable, out: ByteWriter): void {
  optional(out, TAG.duration, record.durationNs);
  number(out, TAG.session, strings.indexOf(record.session));
  number(out, TAG.op, strings.indexOf(record.op));
  number(out, TAG.space, strings.indexOf(record.space));
  number(out, TAG.protocol, record.protocol === 'grpc' ? GRPC : HTTP);
  number(out, TAG.method, strings.indexOf(record.method));
  number(out, TAG.path, strings.indexOf(record.path));
  number(out, TAG.headerSet, strings.headerSetOf(record.headers));
  bytes(out, TAG.body, record.body);
  number(out, TAG.bodyBytesMissing, record.bodyBytesMissing);
  if (record.stream) encodeStream(record.stream, out);
  optional(out, TAG.deadline, record.deadlineNs);
  encodeOutcome(record.outcome, strings, out);
  flag(out, TAG.bodyCompressed, record.bodyCompressed);
  if (record.httpVersion === '1.0') number(out, TAG.httpVersion, HTTP_1_0);
}

function encodeStream(stream: GrpcStream, out: ByteWriter): void {
  out.varint(TAG.stream);
  const mark = out.beginNested();
  for (const message of stream.messages) encodeMessage(message, out);
  optional(out, STREAM_TAG.halfClose, stream.halfCloseNs);
  optional(out, STREAM_TAG.cancel, stream.cancelNs);
  out.endNested(mark);
}

function encodeMessage(message: StreamMessage, out: ByteWriter): void {
  out.varint(STREAM_TAG.message);
  const mark = out.beginNested();
  flag(out, MESSAGE_TAG.fromServer, message.fromServer);
  number(out, MESSAGE_TAG.offset, message.offsetNs);
  bytes(out, MESSAGE_TAG.data, message.data);
  number(out, MESSAGE_TAG.size, message.sizeBytes);
  flag(out, MESSAGE_TAG.compressed, message.compressed);
  out.endNested(mark);
}

function encodeOutcome(outcome: Outcome, strings: StringTable, out: ByteWriter): void {
  out.varint(TAG.outcome);
  const mark = out.beginNested();
  optional(out, OUTCOME_TAG.status, outcome.status);
  flag(out, OUTCOME_TAG.ok, outcome.ok);
  number(out, OUTCOME_TAG.error, strings.indexOf(outcome.error));
  number(out, OUTCOME_TAG.responseSize, outcome.responseBytes);
  if (outcome.responseCrc32 !== undefined) {
    out.varint(OUTCOME_TAG.responseCrc32);
    out.fixed32(outcome.responseCrc32);
  }
  optional(out, OUTCOME_TAG.itemCount, outcome.itemCount);
  if (outcome.response) {
    out.varint(OUTCOME_TAG.response);
    out.bytes(outcome.response);
  }
  out.endNested(mark);
}

function number(out: ByteWriter, tag: number, value: number): void {
  if (value === 0) return;
  optional(out, tag, value);
}

function optional(out: ByteWriter, tag: number, value: number | undefined): void {
  if (value === undefined) return;
  // A fraction or a negative would be written as other digits: better no file than a wrong one.
  if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER && Number.isInteger(value)))
    throw badNumber(tag, value);
  out.varint(tag);
  out.varint(value);
}

function bytes(out: ByteWriter, tag: number, value: Uint8Array): void {
  if (value.length === 0) return;
  out.varint(tag);
  out.bytes(value);
}

function flag(out: ByteWriter, tag: number, value: boolean): void {
  if (!value) return;
  out.varint(tag);
  out.varint(1);
}

function badNumber(tag: number, value: number): EngramTraceError {
  return new EngramTraceError(
    'bad_record',
    `field ${tag >> 3} is ${value}; times, sizes and counts are integers from 0 to 2^53`,
  );
}

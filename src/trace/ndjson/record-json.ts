import { isUtf8 } from 'node:buffer';
import { EngramTraceError } from '../../error.ts';
import {
  type GrpcStream,
  type HeaderList,
  NO_BYTES,
  NO_HEADERS,
  type Outcome,
  type StreamMessage,
  type TraceRecord,
  unknownOutcome,
} from '../record/record.ts';
import { createFieldReader, type FieldReader, wellFormed } from './json-fields.ts';

type Json = Record<string, unknown>;

/** No protocol has statuses that large; a replay log holds no larger. */
const MOST_STATUS = 2 ** 31 - 1;

/** The object of one NDJSON line; fields at their resting value are left out. */
export function recordToJson(record: TraceRecord): Json {
  const json: Json = { start_ns: record.startNs };
  put(json, 'duration_ns', record.durationNs);
  put(json, 'session', record.session, '');
  put(json, 'op', record.op, '');
  put(json, 'space', record.space, '');
  json['protocol'] = record.protocol;
  put(json, 'http_version', record.httpVersion);
  json['method'] = record.method;
  json['path'] = record.path;
  if (record.headers.length > 0) json['headers'] = pairs(record.headers);
  putBytes(json, 'body', record.body);
  put(json, 'body_compressed', record.bodyCompressed, false);
  put(json, 'body_bytes_missing', record.bodyBytesMissing, 0);
  put(json, 'deadline_ns', record.deadlineNs);
  if (record.stream) json['stream'] = streamToJson(record.stream);
  json['outcome'] = outcomeToJson(record.outcome);
  return json;
}

/** The record of one line. `where` names the line in the `bad_record` error. Unknown fields are ignored. */
export function recordFromJson(value: unknown, where: string): TraceRecord {
  const fields = createFieldReader(value, where);
  const protocol = fields.choice('protocol', ['http', 'grpc'], 'http');
  return {
    startNs: fields.requiredInteger('start_ns'),
    durationNs: fields.count('duration_ns'),
    session: fields.text('session') ?? '',
    op: fields.text('op') ?? '',
    space: fields.text('space') ?? '',
    protocol,
    httpVersion: fields.choice('http_version', ['1.0', '1.1'], '1.1') === '1.0' ? '1.0' : undefined,
    method: fields.text('method') ?? (protocol === 'grpc' ? 'POST' : 'GET'),
    path: fields.requiredText('path'),
    headers: headersFromJson(fields),
    body: fields.bytes('body') ?? NO_BYTES,
    bodyCompressed: fields.flag('body_compressed') ?? false,
    bodyBytesMissing: fields.count('body_bytes_missing') ?? 0,
    deadlineNs: fields.count('deadline_ns'),
    stream: streamFromJson(fields.child('stream')),
    outcome: outcomeFromJson(fields.child('outcome'), protocol),
  };
}

function streamToJson(stream: GrpcStream): Json {
  const json: Json = { messages: stream.messages.map(messageToJson) };
  put(json, 'half_close_ns', stream.halfCloseNs);
  put(json, 'cancel_ns', stream.cancelNs);
  return json;
}

function messageToJson(message: StreamMessage): Json {
  const json: Json = {};
  put(json, 'from_server', message.fromServer, false);
  json['offset_ns'] = message.offsetNs;
  putBytes(json, 'data', message.data);
  if (message.sizeBytes !== message.data.length) json['size_bytes'] = message.sizeBytes;
  put(json, 'compressed', message.compressed, false);
  return json;
}

function streamFromJson(fields: FieldReader | undefined): GrpcStream | undefined {
  if (!fields) return undefined;
  return {
    messages: fields.children('messages').map(messageFromJson),
    halfCloseNs: fields.count('half_close_ns'),
    cancelNs: fields.count('cancel_ns'),
  };
}

function messageFromJson(fields: FieldReader): StreamMessage {
  const data = fields.bytes('data') ?? NO_BYTES;
  return {
    fromServer: fields.flag('from_server') ?? false,
    offsetNs: fields.count('offset_ns') ?? 0,
    data,
    sizeBytes: fields.count('size_bytes') ?? data.length,
    compressed: fields.flag('compressed') ?? false,
  };
}

function outcomeToJson(outcome: Outcome): Json {
  const json: Json = {};
  put(json, 'status', outcome.status);
  json['ok'] = outcome.ok;
  put(json, 'error', outcome.error, '');
  put(json, 'response_bytes', outcome.responseBytes, 0);
  put(json, 'response_crc32', outcome.responseCrc32);
  put(json, 'item_count', outcome.itemCount);
  if (outcome.response) putBytes(json, 'response', outcome.response, true);
  return json;
}

function outcomeFromJson(fields: FieldReader | undefined, protocol: TraceRecord['protocol']): Outcome {
  if (!fields) return unknownOutcome();
  const status = fields.count('status', MOST_STATUS);
  const error = fields.text('error') ?? '';
  const looksOk = status === undefined ? error === '' : protocol === 'grpc' ? status === 0 : status < 400;
  return {
    status,
    ok: fields.flag('ok') ?? looksOk,
    error,
    responseBytes: fields.count('response_bytes') ?? 0,
    responseCrc32: fields.count('response_crc32', 0xffffffff),
    itemCount: fields.count('item_count'),
    response: fields.bytes('response'),
  };
}

function headersFromJson(fields: FieldReader): HeaderList {
  const list = fields.list('headers');
  if (!list || list.length === 0) return NO_HEADERS;
  return list.flatMap((pair) => {
    if (Array.isArray(pair) && pair.length === 2 && pair.every((text) => typeof text === 'string'))
      return pair.map(wellFormed);
    throw new EngramTraceError('bad_record', 'headers is not a list of [name, value] pairs', {
      where: fields.where,
    });
  }) as string[];
}

function pairs(headers: HeaderList): [string, string][] {
  const list: [string, string][] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) list.push([headers[i] ?? '', headers[i + 1] ?? '']);
  return list;
}

function put<T>(json: Json, name: string, value: T | undefined, resting?: T): void {
  if (value !== undefined && value !== resting) json[name] = value;
}

/** As text where the bytes are UTF-8, else as base64 under another name. */
function putBytes(json: Json, name: string, bytes: Uint8Array, evenEmpty = false): void {
  if (bytes.length === 0 && !evenEmpty) return;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (isUtf8(bytes) && !isDearAsText(bytes)) json[name] = buffer.toString('utf8');
  else json[`${name}_base64`] = buffer.toString('base64');
}

const LARGE_BYTES = 1024 * 1024;

/** Text with much to escape (up to six bytes for one) is longer than base64, and its line could be too long to be read. */
function isDearAsText(bytes: Uint8Array): boolean {
  if (bytes.length < LARGE_BYTES) return false;
  let moreBytes = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < 32) moreBytes += 5;
    else if (byte === 34 || byte === 92) moreBytes++;
  }
  return moreBytes > bytes.length / 3;
}

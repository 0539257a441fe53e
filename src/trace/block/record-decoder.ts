import { MalformedError, type WireReader } from '../bytes/wire-reader.ts';
import {
  type GrpcStream,
  type HeaderList,
  type HttpVersion,
  NO_BYTES,
  type Outcome,
  type StreamMessage,
  type TraceRecord,
  unknownOutcome,
} from '../record/record.ts';
import { GRPC, HTTP, HTTP_1_0, MESSAGE_TAG, OUTCOME_TAG, STREAM_TAG, TAG } from './record-encoder.ts';

/** The tables of a block that its records refer to by number. */
export interface BlockTables {
  strings: readonly string[];
  /** One array per header set, shared by all records that have it. */
  headerSets: readonly HeaderList[];
}

/**
 * Decodes the Record from the reader's place to `end`. `previousNs` is the start of the record before it.
 * Body and messages are views of the reader's bytes.
 */
export function decodeRecord(
  reader: WireReader,
  end: number,
  previousNs: number,
  { strings, headerSets }: BlockTables,
): TraceRecord {
  let startNs = previousNs;
  let durationNs: number | undefined;
  let session = '';
  let op = '';
  let space = '';
  let protocol = 0;
  let httpVersion: HttpVersion | undefined;
  let method = '';
  let path = '';
  let headerSet = 0;
  let body = NO_BYTES;
  let bodyCompressed = false;
  let bodyBytesMissing = 0;
  let deadlineNs: number | undefined;
  let stream: GrpcStream | undefined;
  let outcome: Outcome | undefined;
  const blockEnd = reader.end;
  reader.end = end;
  while (reader.pos < end) {
    const tag = reader.varint();
    switch (tag) {
      case TAG.startDelta:
        startNs = previousNs + reader.varint();
        break;
      case TAG.duration:
        durationNs = reader.varint();
        break;
      case TAG.session:
        session = entry(strings, reader.varint());
        break;
      case TAG.op:
        op = entry(strings, reader.varint());
        break;
      case TAG.space:
        space = entry(strings, reader.varint());
        break;
      case TAG.protocol:
        protocol = reader.varint();
        break;
      case TAG.method:
        method = entry(strings, reader.varint());
        break;
      case TAG.path:
        path = entry(strings, reader.varint());
        break;
      case TAG.headerSet:
        headerSet = reader.varint();
        break;
      case TAG.body:
        body = reader.view();
        break;
      case TAG.bodyBytesMissing:
        bodyBytesMissing = reader.varint();
        break;
      case TAG.stream:
        stream = decodeStream(reader);
        break;
      case TAG.deadline:
        deadlineNs = reader.varint();
        break;
      case TAG.outcome:
        outcome = decodeOutcome(reader, strings);
        break;
      case TAG.bodyCompressed:
        bodyCompressed = reader.varint() !== 0;
        break;
      case TAG.httpVersion:
        // A version to come is read as the usual one.
        httpVersion = reader.varint() === HTTP_1_0 ? '1.0' : undefined;
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.end = blockEnd;
  if (protocol !== HTTP && protocol !== GRPC) throw new MalformedError(`protocol ${protocol}`);
  if (!Number.isSafeInteger(startNs)) throw new MalformedError('a start above 2^53 ns');
  return {
    startNs,
    durationNs,
    session,
    op,
    space,
    protocol: protocol === GRPC ? 'grpc' : 'http',
    httpVersion,
    method,
    path,
    headers: entry(headerSets, headerSet),
    body,
    bodyCompressed,
    bodyBytesMissing,
    deadlineNs,
    stream,
    outcome: outcome ?? unknownOutcome(),
  };
}

function decodeOutcome(reader: WireReader, strings: readonly string[]): Outcome {
  let status: number | undefined;
  let ok = false;
  let error = '';
  let responseBytes = 0;
  let responseCrc32: number | undefined;
  let itemCount: number | undefined;
  let response: Uint8Array | undefined;
  const outerEnd = reader.end;
  const end = reader.nested();
  reader.end = end;
  while (reader.pos < end) {
    const tag = reader.varint();
    switch (tag) {
      case OUTCOME_TAG.status:
        status = reader.varint();
        break;
      case OUTCOME_TAG.ok:
        ok = reader.varint() !== 0;
        break;
      case OUTCOME_TAG.error:
        error = entry(strings, reader.varint());
        break;
      case OUTCOME_TAG.responseSize:
        responseBytes = reader.varint();
        break;
      case OUTCOME_TAG.responseCrc32:
        responseCrc32 = reader.fixed32();
        break;
      case OUTCOME_TAG.itemCount:
        itemCount = reader.varint();
        break;
      case OUTCOME_TAG.response:
        response = reader.view();
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.end = outerEnd;
  return { status, ok, error, responseBytes, responseCrc32, itemCount, response };
}

function decodeStream(reader: WireReader): GrpcStream {
  const stream: GrpcStream = { messages: [], halfCloseNs: undefined, cancelNs: undefined };
  const outerEnd = reader.end;
  const end = reader.nested();
  reader.end = end;
  while (reader.pos < end) {
    const tag = reader.varint();
    if (tag === STREAM_TAG.message) stream.messages.push(decodeMessage(reader));
    else if (tag === STREAM_TAG.halfClose) stream.halfCloseNs = reader.varint();
    else if (tag === STREAM_TAG.cancel) stream.cancelNs = reader.varint();
    else reader.skip(tag);
  }
  reader.end = outerEnd;
  return stream;
}

function decodeMessage(reader: WireReader): StreamMessage {
  const message: StreamMessage = {
    fromServer: false,
    offsetNs: 0,
    data: NO_BYTES,
    sizeBytes: 0,
    compressed: false,
  };
  const outerEnd = reader.end;
  const end = reader.nested();
  reader.end = end;
  while (reader.pos < end) {
    const tag = reader.varint();
    if (tag === MESSAGE_TAG.fromServer) message.fromServer = reader.varint() !== 0;
    else if (tag === MESSAGE_TAG.offset) message.offsetNs = reader.varint();
    else if (tag === MESSAGE_TAG.data) message.data = reader.view();
    else if (tag === MESSAGE_TAG.size) message.sizeBytes = reader.varint();
    else if (tag === MESSAGE_TAG.compressed) message.compressed = reader.varint() !== 0;
    else reader.skip(tag);
  }
  reader.end = outerEnd;
  return message;
}

function entry<T>(table: readonly T[], index: number): T {
  const value = table[index];
  if (value === undefined) throw new MalformedError(`entry ${index} of a table of ${table.length}`);
  return value;
}

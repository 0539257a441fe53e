import {
  addLoss,
  emptyHeader,
  emptyLoss,
  type TraceHeader,
  type TraceRecord,
} from '../../src/trace/record/record.ts';
import { lossOf, makeRecord } from './support.ts';

// What the golden pair holds: each field of the format at least once, and the values that are easy to get wrong.

const utf8 = (text: string) => new Uint8Array(new TextEncoder().encode(text));
const raw = (...bytes: number[]) => Uint8Array.from(bytes);

export const GOLDEN_HEADER: TraceHeader = {
  ...emptyHeader(),
  epochUnixNs: 1_754_000_000_123_456_789n,
  tool: 'engram-trace 0.1.0',
  source: 'capture',
  origins: ['engram.internal:7432', 'engram.internal:50051'],
  redacted: ['header:authorization'],
  dialect: 'engram',
  window: { startNs: 0, endNs: 5_000_000 },
  gaps: [{ startNs: 1_000_000, endNs: 1_500_000, reason: 'capture was restarted' }],
  notes: ['golden fixture'],
  runId: 'golden',
  openedNs: -1000,
};

export const GOLDEN_LOSS = addLoss(emptyLoss(), lossOf({ bodiesTruncated: 1, bodyBytesTruncated: 4 }));

const HOST = ['Host', 'engram.internal:7432'];
const GRPC = ['content-type', 'application/grpc', 'te', 'trailers'];

const http = (fields: Partial<TraceRecord>) =>
  makeRecord({ session: '10.0.0.7:40001', headers: HOST, ...fields });
const grpc = (fields: Partial<TraceRecord>) =>
  makeRecord({ session: '10.0.0.9:40003', protocol: 'grpc', method: 'POST', headers: GRPC, ...fields });

export const GOLDEN_RECORDS: readonly TraceRecord[] = [
  http({
    durationNs: 1_234_567,
    op: 'remember',
    method: 'POST',
    path: '/api/v1/memories',
    // One byte a code point: é is 0xE9 on the wire.
    headers: [...HOST, 'Content-Type', 'application/json', 'X-Note', 'caf\u00e9'],
    body: utf8('{"content":"tea at five"}'),
    outcome: outcome({ status: 201, responseBytes: 41, responseCrc32: 0xdeadbeef }),
  }),
  http({
    durationNs: 0, // Known, and nothing.
    path: '/api/v1/memories/recall?query=tea%20time',
    outcome: outcome({
      status: 200,
      responseBytes: 9,
      responseCrc32: 0,
      itemCount: 0,
      response: utf8('{"a":"ü"}'),
    }),
  }),
  http({
    startNs: 1,
    session: '10.0.0.8:40002',
    space: 'größe',
    path: '/api/v1/memories/recall?query=x',
    outcome: outcome({ ok: false, error: 'client_aborted' }),
  }),
  grpc({
    startNs: 1_200_000,
    durationNs: 2_500_000,
    op: 'remember',
    path: '/engram.v1.EngramService/Remember',
    body: raw(0x0a, 0x03, 0xff, 0x00, 0x80),
    bodyCompressed: true,
    deadlineNs: 5_000_000_000,
    outcome: outcome({
      status: 0,
      responseBytes: 12,
      responseCrc32: 1,
      itemCount: 1,
      response: raw(0x00, 0xff),
    }),
  }),
  grpc({
    startNs: 1_900_000,
    durationNs: 900_000,
    op: 'recall_stream',
    path: '/engram.v1.EngramService/RecallStream',
    stream: {
      messages: [
        { fromServer: false, offsetNs: 0, data: utf8('hello'), sizeBytes: 5, compressed: false },
        { fromServer: true, offsetNs: 300, data: raw(), sizeBytes: 70_000, compressed: true },
        { fromServer: true, offsetNs: 4000, data: raw(0xfe), sizeBytes: 1, compressed: false },
      ],
      halfCloseNs: 10,
      cancelNs: 500_000,
    },
    outcome: outcome({ status: 1, ok: false, error: 'client_aborted', responseBytes: 70_001, itemCount: 2 }),
  }),
  makeRecord({
    startNs: 4_000_000,
    durationNs: 10,
    session: '',
    op: '',
    space: '',
    method: 'PUT',
    path: '/cache/00ff',
    body: raw(0, 1, 2, 3),
    bodyBytesMissing: 4,
    outcome: outcome({ status: 507, ok: false }),
  }),
];

function outcome(fields: Partial<TraceRecord['outcome']>): TraceRecord['outcome'] {
  return { ...makeRecord().outcome, ...fields };
}

import type { ArrivalLine } from '../../src/dev-server/arrival-log.ts';
import { EchoMessage } from '../../src/gen/engramtrace/test/v1/shapes.ts';
import { crc32 } from '../../src/trace/bytes/crc32.ts';
import { createFileSink } from '../../src/trace/file/file-sink.ts';
import { emptyHeader, type TraceRecord } from '../../src/trace/record/record.ts';
import { createTraceWriter } from '../../src/trace/write/create-trace-writer.ts';
import { makeRecord } from '../support/make-record.ts';
import { MS } from '../support/replay-harness.ts';

const SESSIONS = 12;
const BURSTS = 4;
const PER_SESSION_AND_BURST = 6;
const BURST_EVERY_NS = 400 * MS;

/**
 * Bursts of operations in a dozen sessions: HTTP, unary gRPC and bidirectional streams by turns. Inside a session
 * each follows the one before; every request's bytes are different, so that an arrival names its record.
 */
export function burstyRecords(): TraceRecord[] {
  const records: TraceRecord[] = [];
  for (let session = 0; session < SESSIONS; session++) {
    for (let i = 0; i < BURSTS * PER_SESSION_AND_BURST; i++) {
      const burst = Math.floor(i / PER_SESSION_AND_BURST);
      const inBurst = i % PER_SESSION_AND_BURST;
      const startNs = burst * BURST_EVERY_NS + inBurst * 12 * MS + session * 777_777;
      records.push(operation(session, i, startNs));
    }
  }
  return records.sort((a, b) => a.startNs - b.startNs);
}

function operation(session: number, number: number, startNs: number): TraceRecord {
  const common = { session: `session-${session}`, durationNs: 3 * MS, method: 'POST' };
  const name = `session ${session} operation ${number}`;
  if (session % 3 === 0) {
    const body = Buffer.from(JSON.stringify({ content: name }));
    const headers = [
      'Host',
      'production:7432',
      'Content-Type',
      'application/json',
      'Content-Length',
      String(body.length),
    ];
    return makeRecord(startNs, {
      ...common,
      op: 'remember',
      path: '/api/v1/memories/remember',
      headers,
      body,
    });
  }
  const grpc = {
    ...common,
    protocol: 'grpc' as const,
    headers: ['content-type', 'application/grpc', 'te', 'trailers'],
  };
  const message = (part: number) =>
    EchoMessage.encode({ number, payload: Buffer.from(`${name} part ${part}`), failWith: 0 }).finish();
  if (session % 3 === 1) {
    return makeRecord(startNs, {
      ...grpc,
      op: 'echo',
      path: '/engramtrace.test.v1.Shapes/Echo',
      body: message(0),
    });
  }
  const messages = [0, 1].map((part) => {
    const data = message(part);
    return { fromServer: false, offsetNs: (part + 1) * MS, data, sizeBytes: data.length, compressed: false };
  });
  const stream = { messages, halfCloseNs: 2 * MS, cancelNs: undefined };
  return makeRecord(startNs, { ...grpc, op: 'chat', path: '/engramtrace.test.v1.Shapes/Chat', stream });
}

/** CRC-32 of all request bytes: what the arrival log names an operation by. */
export function requestCrc(record: TraceRecord): number {
  const sent = record.stream?.messages.filter(({ fromServer }) => !fromServer).map(({ data }) => data);
  return crc32(Buffer.concat(sent ?? [record.body]));
}

/** Arrivals of operations (not of single messages), in the order in which they reached the server. */
export function arrivalsIn(log: string): ArrivalLine[] {
  return log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ArrivalLine)
    .filter(({ message }) => message === undefined)
    .sort((a, b) => a.arrival_ns - b.arrival_ns);
}

export async function writeTrace(path: string, records: readonly TraceRecord[]): Promise<void> {
  const header = { ...emptyHeader(), dialect: 'engram', origins: ['production:7432'] };
  const writer = createTraceWriter(await createFileSink(path, { force: true }), header);
  await writer.write(records);
  await writer.finish();
}

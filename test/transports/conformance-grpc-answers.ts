import assert from 'node:assert/strict';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { crc32, gzipSync } from 'node:zlib';
import { createRealClock } from '../../src/replay/clock/real-clock.ts';
import type { SendOutcome } from '../../src/replay/ports.ts';
import { type Outcome, type TraceRecord, unknownOutcome } from '../../src/trace/record/record.ts';
import { sendAndWatch } from '../support/send-and-watch.ts';
import { type GrpcSubject, grpcCall } from './conformance-grpc-support.ts';

interface Answer {
  what: string;
  is: SendOutcome['answer'];
  /** Messages of the answer, none: trailers alone.  */
  messages: readonly string[];
  /** They are compressed. */
  isGzip?: boolean;
  status?: number;
  /** Messages and status as recorded. */
  recorded?: readonly string[];
  recordedStatus?: number;
  outcome?: Partial<Outcome>;
  /** The answer is never ended. */
  isCut?: boolean;
}

const WORDS = ['one message', 'and a longer one behind it'];
const ZIPPED = WORDS.map((word) => gzipSync(word));

const ANSWERS: readonly Answer[] = [
  { what: 'the same message', is: 'same', messages: ['hello'], recorded: ['hello'] },
  { what: 'the same messages', is: 'same', messages: WORDS },
  { what: 'an empty message, as recorded', is: 'same', messages: [''], recorded: [''] },
  { what: 'the same refusal', is: 'same', messages: [], recorded: [], status: 5, recordedStatus: 5 },
  { what: 'another message', is: 'other', messages: ['hallo'], recorded: ['hello'] },
  { what: 'a message more', is: 'other', messages: [...WORDS, 'more'] },
  { what: 'a message less', is: 'other', messages: WORDS.slice(1) },
  { what: 'the messages in another order', is: 'other', messages: WORDS.toReversed() },
  { what: 'a refusal', is: 'other', messages: [], status: 14 },
  { what: 'the messages, and another status', is: 'other', messages: WORDS, status: 13 },
  { what: 'other bytes, compressed', is: undefined, messages: ['hello'], isGzip: true },
  { what: 'no checksum in the trace', is: undefined, messages: WORDS, outcome: { responseCrc32: undefined } },
  {
    what: 'a recorded answer that broke off',
    is: undefined,
    messages: WORDS,
    outcome: { error: 'upstream_reset' },
  },
  { what: 'an answer that breaks off', is: undefined, messages: WORDS, isCut: true },
];

/** Whether an answer is the recorded one is told of whole ones, and where the trace knows the recorded one. */
export function testGrpcAnswers(subject: GrpcSubject): void {
  test(`${subject.name}: messages are told to be the recorded ones, others, or neither`, async () => {
    const server = createServer();
    server.on('stream', (stream: ServerHttp2Stream, headers) => {
      stream.on('error', () => {});
      stream.resume();
      stream.on('end', () =>
        give(stream, ANSWERS[Number(String(headers[':path']).split('/').pop())] as Answer),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const transport = subject.create({ target, clock: createRealClock() });
    try {
      for (const isStream of [false, true]) {
        for (const [i, { what, is }] of ANSWERS.entries()) {
          const { answer, detail } = await sendAndWatch(transport, recordOf(i, isStream)).done;
          assert.equal(answer, is, `${what}, ${isStream ? 'in a stream' : 'to one message'}: ${detail}`);
        }
      }
    } finally {
      await transport.close();
      server.close();
    }
  });

  if (subject.name !== 'wire') return;
  test('wire: compressed messages are compared as they are on the wire', async () => {
    const { AnswerMessages } = await import('../../src/transports/wire-grpc/answer-messages.ts');
    const bytes = Buffer.concat(ZIPPED.map((data) => framed(data, 1)));
    const whole = Buffer.concat(ZIPPED);
    for (const [crc, is] of [[crc32(whole), 'same'] as const, [1, undefined] as const]) {
      const messages = new AnswerMessages();
      messages.compareWith({
        ...unknownOutcome(),
        status: 0,
        responseBytes: whole.length,
        responseCrc32: crc,
      });
      for (let at = 0; at < bytes.length; at += 3) messages.push(bytes, at, Math.min(at + 3, bytes.length));
      assert.equal(messages.match(0), is);
    }
  });
}

function recordOf(i: number, isStream: boolean): TraceRecord {
  const { recorded = WORDS, recordedStatus = 0, outcome } = ANSWERS[i] as Answer;
  const all = Buffer.from(recorded.join(''));
  const whole = { status: recordedStatus, responseBytes: all.length, responseCrc32: crc32(all) };
  return grpcCall(`${i}`, {
    body: Buffer.from(isStream ? '' : 'ask'),
    stream: isStream ? { messages: [], halfCloseNs: 0, cancelNs: undefined } : undefined,
    outcome: { ...unknownOutcome(), ...whole, ...outcome },
  });
}

function give(
  stream: ServerHttp2Stream,
  { messages, isGzip = false, status = 0, isCut = false }: Answer,
): void {
  const head = { ':status': 200, 'content-type': 'application/grpc' };
  const trailers = { 'grpc-status': `${status}`, 'grpc-message': 'because' };
  if (messages.length === 0) {
    stream.respond({ ...head, ...trailers }, { endStream: true });
    return;
  }
  stream.respond(isGzip ? { ...head, 'grpc-encoding': 'gzip' } : head, { waitForTrailers: true });
  stream.on('wantTrailers', () => (isCut ? stream.close(2) : stream.sendTrailers(trailers)));
  for (const message of messages) {
    const bytes = framed(isGzip ? gzipSync(message) : Buffer.from(message), isGzip ? 1 : 0);
    stream.write(bytes.subarray(0, 7));
    stream.write(bytes.subarray(7));
  }
  stream.end();
}

function framed(data: Buffer, flag: 0 | 1): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(data.length, 1);
  return Buffer.concat([prefix, data]);
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, gzipSync } from 'node:zlib';
import type { SendOutcome } from '../../src/replay/ports.ts';
import { type Outcome, type TraceRecord, unknownOutcome } from '../../src/trace/record/record.ts';
import { makeRecord } from '../support/make-record.ts';
import { sendAndWatch } from '../support/send-and-watch.ts';
import { type HttpSubject, isHead, withServer } from './conformance-http-support.ts';

const BODY = 'what was answered, in a few words';
const EMPTY = { status: 200, responseBytes: 0, responseCrc32: 0 };

interface Answer {
  what: string;
  is: SendOutcome['answer'];
  head: string[];
  status?: number;
  method?: string;
  body?: string | Buffer;
  /** In place of an answer of BODY with status 200. */
  recorded?: Partial<Outcome>;
}

const LENGTH = [`Content-Length: ${BODY.length}`];
const CHUNKED = ['Transfer-Encoding: chunked'];
const zipped = gzipSync(BODY);
const GZIP = ['Content-Encoding: gzip', `Content-Length: ${zipped.length}`];

const ANSWERS: readonly Answer[] = [
  { what: 'the same bytes', is: 'same', head: LENGTH },
  { what: 'the same bytes in chunks of one', is: 'same', head: CHUNKED },
  { what: 'the same bytes until the end of the connection', is: 'same', head: ['Connection: close'] },
  { what: 'the same refusal', is: 'same', head: LENGTH, status: 404, recorded: { status: 404 } },
  { what: 'nothing, as it was for HEAD', is: 'same', head: LENGTH, method: 'HEAD', recorded: EMPTY },
  { what: 'nothing, as with 204', is: 'same', head: [], status: 204, recorded: { ...EMPTY, status: 204 } },
  { what: 'nothing, where there was something', is: 'other', head: ['Content-Length: 0'], body: '' },
  { what: 'something, where there was nothing', is: 'other', head: LENGTH, recorded: EMPTY },
  { what: 'another byte', is: 'other', head: LENGTH, body: BODY.replace('few', 'Few') },
  { what: 'another byte in chunks', is: 'other', head: CHUNKED, body: BODY.replace('few', 'Few') },
  { what: 'the same with more behind it', is: 'other', head: CHUNKED, body: `${BODY}.` },
  { what: 'the beginning alone', is: 'other', head: CHUNKED, body: BODY.slice(0, 9) },
  { what: 'another status', is: 'other', head: LENGTH, status: 201 },
  {
    what: 'the same compressed bytes',
    is: 'same',
    head: GZIP,
    body: zipped,
    recorded: { responseBytes: zipped.length, responseCrc32: crc32(zipped) },
  },
  { what: 'other compressed bytes', is: undefined, head: GZIP, body: zipped },
  { what: 'another status, compressed', is: 'other', head: GZIP, body: zipped, status: 500 },
  { what: 'events without end', is: undefined, head: ['Content-Type: text/event-stream', ...LENGTH] },
  {
    what: 'less than it said',
    is: undefined,
    head: [`Content-Length: ${BODY.length + 1}`, 'Connection: close'],
  },
  { what: 'no checksum in the trace', is: undefined, head: LENGTH, recorded: { responseCrc32: undefined } },
  { what: 'no status in the trace', is: undefined, head: LENGTH, recorded: { status: undefined } },
  {
    what: 'a recorded answer that broke off',
    is: undefined,
    head: LENGTH,
    recorded: { error: 'upstream_reset' },
  },
];

/** Whether an answer is the recorded one is told of whole ones, and where the trace knows the recorded one. */
export function testHttpAnswers(subject: HttpSubject): void {
  test(`${subject.name}: answers are told to be the recorded ones, others, or neither`, async () => {
    const onData = (socket: NodeJS.WritableStream, text: string): boolean => {
      if (!isHead(text)) return false;
      const asked = ANSWERS[Number(/\/(\d+)/.exec(text)?.[1])] as Answer;
      socket.write(wireForm(asked));
      if (asked.head.includes('Connection: close')) socket.end();
      return true;
    };
    await withServer(subject, onData, async (transport) => {
      // Twice: a connection that is used again begins anew.
      for (const round of [1, 2]) {
        for (const [i, { what, is }] of ANSWERS.entries()) {
          const { answer } = await sendAndWatch(transport, recordOf(i)).done;
          assert.equal(answer, is, `${what}, round ${round}`);
        }
      }
    });
  });
}

function recordOf(i: number): TraceRecord {
  const { method = 'GET', recorded } = ANSWERS[i] as Answer;
  const whole = { status: 200, responseBytes: BODY.length, responseCrc32: crc32(BODY) };
  return makeRecord(0, { method, path: `/${i}`, outcome: { ...unknownOutcome(), ...whole, ...recorded } });
}

function wireForm({ head, status = 200, method, body = BODY }: Answer): Buffer {
  const lines = [`HTTP/1.1 ${status} X`, ...head, '', ''].join('\r\n');
  if (method === 'HEAD' || status === 204) return Buffer.from(lines);
  const bytes = Buffer.from(body);
  if (!head.includes(CHUNKED[0] as string)) return Buffer.concat([Buffer.from(lines), bytes]);
  const chunks = [...bytes].flatMap((byte) => [Buffer.from('1\r\n'), Buffer.of(byte), Buffer.from('\r\n')]);
  return Buffer.concat([Buffer.from(lines), ...chunks, Buffer.from('0\r\n\r\n')]);
}

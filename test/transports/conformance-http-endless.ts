import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { EndlessTimes, SendOutcome } from '../../src/replay/ports.ts';
import { makeRecord } from '../support/make-record.ts';
import { sendAndWatch, until } from '../support/send-and-watch.ts';
import { type HttpSubject, isHead, withServer } from './conformance-http-support.ts';

const SSE = 'data: 1\n\n: ping\n\nid: 2\ndata: 2\r\n\r\n:\n\ndata: cut';
const NDJSON = '{"a":1}\n\n{"a":2}\n{"a":3}';

interface Answer {
  what: string;
  /** Lines between status and body. */
  head: string[];
  body: Buffer | string;
  status?: number;
  method?: string;
  /** The body goes out byte by byte. */
  inBytes?: boolean;
  /** Events and comments; `unread`: endless, and they are not counted. */
  is: [events: number, comments: number] | 'unread' | 'ordinary';
}

const CHUNKED = 'Transfer-Encoding: chunked';

const ANSWERS: readonly Answer[] = [
  {
    what: 'server-sent events in one chunk',
    head: ['Content-Type: text/event-stream', CHUNKED],
    body: SSE,
    is: [2, 2],
  },
  {
    what: 'server-sent events byte by byte, a chunk each',
    head: ['content-type:Text/Event-Stream; charset=utf-8', CHUNKED],
    body: SSE,
    inBytes: true,
    is: [2, 2],
  },
  {
    what: 'server-sent events until the connection is closed',
    head: ['Content-Type: text/event-stream', 'Content-Encoding: identity'],
    body: SSE,
    is: [2, 2],
  },
  {
    what: 'server-sent events of a known length',
    head: ['Content-Type: text/event-stream', `Content-Length: ${SSE.length}`],
    body: SSE,
    is: [2, 2],
  },
  { what: 'lines of JSON', head: ['Content-Type: application/x-ndjson', CHUNKED], body: NDJSON, is: [3, 1] },
  {
    what: 'lines of JSON of a known length',
    head: ['Content-Type: application/x-ndjson', `Content-Length: ${NDJSON.length}`],
    body: NDJSON,
    is: 'ordinary',
  },
  {
    what: 'compressed events',
    head: [CHUNKED, 'Content-Encoding: gzip', 'Content-Type: text/event-stream'],
    body: gzipSync(SSE),
    is: 'unread',
  },
  {
    what: 'pictures that replace each other',
    head: ['Content-Type: multipart/x-mixed-replace; boundary=b', CHUNKED],
    body: '--b\r\nContent-Type: image/png\r\n\r\ndata: 1\n\n',
    is: 'unread',
  },
  {
    what: 'a refusal of an event stream',
    head: ['Content-Type: text/event-stream', CHUNKED],
    body: 'data: no\n\n',
    status: 503,
    is: 'ordinary',
  },
  {
    what: 'an ordinary answer',
    head: ['Content-Type: application/json', CHUNKED],
    body: '{}',
    is: 'ordinary',
  },
  {
    what: 'HEAD of an event stream',
    head: ['Content-Type: text/event-stream'],
    body: '',
    method: 'HEAD',
    is: 'ordinary',
  },
  {
    what: 'an event stream without a body',
    head: ['Content-Type: text/event-stream', 'Content-Length: 0'],
    body: '',
    is: 'ordinary',
  },
];

/** Endless answers are told from others, and what came in them is counted. */
export function testEndlessAnswers(subject: HttpSubject): void {
  test(`${subject.name}: endless answers are told from others, and their events counted`, async () => {
    for (const answer of ANSWERS) {
      const outcome = await outcomeOf(subject, answer);
      assert.equal(outcome.failure, undefined, `${answer.what}: ${outcome.detail}`);
      assert.equal(outcome.responseBytes, answer.method === 'HEAD' ? 0 : answer.body.length, answer.what);
      assert.deepEqual(counted(outcome.endless), answer.is, answer.what);
    }
  });

  test(`${subject.name}: of an endless answer that is given up or broken, what had come is told`, async () => {
    const head = ['HTTP/1.1 200 OK', 'Content-Type: text/event-stream', CHUNKED, '', ''].join('\r\n');
    const client = { server: undefined as Socket | undefined };
    const begin = (socket: Socket, text: string): boolean => {
      if (!isHead(text)) return false;
      client.server = socket;
      socket.write(`${head}${chunk(Buffer.from('data: 1\n\n: hi\n\ndata: 2'))}`);
      return true;
    };
    await withServer(subject, begin, async (transport) => {
      const left = sendAndWatch(transport, makeRecord(0));
      await left.firstAnswer;
      left.cancel();
      const cancelled = await left.done;
      assert.deepEqual([cancelled.failure, cancelled.status], ['cancelled', 200]);
      assert.deepEqual(counted(cancelled.endless), [1, 1]);
      const broken = sendAndWatch(transport, makeRecord(0));
      await broken.firstAnswer;
      client.server?.end();
      const { failure, endless } = await broken.done;
      assert.equal(failure, 'connection_closed');
      assert.deepEqual(counted(endless), [1, 1]);
    });
  });

  test(`${subject.name}: events of endless answers have the time at which they had come`, async () => {
    let ns = 0;
    let asked = 0;
    // While nothing but the answer is under way, only its events ask for the time.
    const clock = {
      nowNs: () => {
        asked += 1;
        return ns;
      },
    };
    let server: Socket | undefined;
    const writeAt = async (atNs: number, text: string): Promise<void> => {
      ns = atNs;
      const before = asked;
      server?.write(text);
      await until(() => asked > before, `what was written at ${atNs} is there`);
    };
    const head = ['HTTP/1.1 200 OK', 'Content-Type: text/event-stream', '', ''].join('\r\n');
    const begin = (socket: Socket, text: string): boolean => {
      if (!isHead(text)) return false;
      server = socket;
      socket.write(head);
      return true;
    };
    await withServer(
      subject,
      begin,
      async (transport) => {
        const watched = sendAndWatch(transport, makeRecord(0));
        await watched.firstAnswer;
        await writeAt(1000, 'data: 1\n\n');
        await writeAt(2000, 'data: 2\n\ndata: 3\n\n: still there\n\ndata: 4\n');
        ns = 3000;
        server?.end('\n: bye\n');
        const { endless } = await watched.done;
        assert.deepEqual([...(endless?.eventNs ?? [])], [1000, 2000, 2000, 3000]);
        assert.deepEqual([endless?.untimed, endless?.comments], [0, 2]);
      },
      { clock },
    );
  });
}

async function outcomeOf(
  subject: HttpSubject,
  { head, body, status = 200, method = 'GET', inBytes }: Answer,
) {
  let outcome: SendOutcome | undefined;
  const bytes = Buffer.from(body);
  const parts = inBytes === true ? Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)) : [bytes];
  const text = [`HTTP/1.1 ${status} X`, ...head, '', ''].join('\r\n');
  const isChunked = head.includes(CHUNKED);
  const act = (socket: Socket, request: string): boolean => {
    if (!isHead(request)) return false;
    socket.write(text);
    for (const part of parts) socket.write(isChunked ? chunk(part) : part);
    if (isChunked) socket.write('0\r\n\r\n');
    else socket.end();
    return true;
  };
  await withServer(subject, act, async (transport) => {
    outcome = await sendAndWatch(transport, makeRecord(0, { method })).done;
  });
  return outcome as SendOutcome;
}

function chunk(bytes: Buffer): Buffer {
  const size = Buffer.from(`${bytes.length.toString(16)}\r\n`);
  return Buffer.concat([size, bytes, Buffer.from('\r\n')]);
}

function counted(endless: EndlessTimes | undefined): Answer['is'] {
  if (endless === undefined) return 'ordinary';
  if (!endless.areEventsKnown) {
    assert.deepEqual([endless.eventNs.length, endless.untimed, endless.comments], [0, 0, 0]);
    return 'unread';
  }
  return [endless.eventNs.length + endless.untimed, endless.comments];
}

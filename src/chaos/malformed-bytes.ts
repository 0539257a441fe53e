import { CONNECTION_PREFACE, FLAG, FRAME, frameOf, uint32 } from '../wire/http2/frames.ts';
import { SeededStream } from '../workload/streams/seeded-stream.ts';
import type { ChaosEvent } from './chaos-plan.ts';

const RANDOM_BYTES = 64;
/** The beginning of what a client of TLS says first. */
const TLS_HELLO = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]);
const LONG_HEAD_BYTES = 300 * 1024;

type Malformed = (event: ChaosEvent) => Buffer;

const http =
  (text: string): Malformed =>
  () =>
    Buffer.from(text, 'latin1');

/** Paths are those that change nothing, should a server take such a request all the same. */
const HTTP: readonly Malformed[] = [
  randomBytes,
  http('GET\r\n\r\n'),
  http('GET /health HTTP/9.9\r\nhost: localhost\r\n\r\n'),
  http('GET /health HTTP/1.1\r\nhost: localhost\r\na line without a colon\r\n\r\n'),
  http('GET /health HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n'),
  http('GET /health HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nZZZ\r\n'),
  () => TLS_HELLO,
  http(`GET /health HTTP/1.1\r\nhost: localhost\r\nlong: ${'x'.repeat(LONG_HEAD_BYTES)}\r\n\r\n`),
];

const HTTP2: readonly Malformed[] = [
  randomBytes,
  http('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n'),
  () => TLS_HELLO,
  afterGreeting(Buffer.from([0xff, 0xff, 0xff, FRAME.data, 0, 0, 0, 0, 1])),
  afterGreeting(frameOf(FRAME.headers, FLAG.endHeaders, 0, Buffer.from([0x82]))),
  afterGreeting(frameOf(FRAME.headers, FLAG.endHeaders, 1, Buffer.alloc(16, 0xff))),
  afterGreeting(frameOf(FRAME.data, FLAG.endStream, 1, Buffer.alloc(16))),
  afterGreeting(frameOf(FRAME.windowUpdate, 0, 0, uint32(0))),
  afterGreeting(frameOf(FRAME.settings, 0, 0, Buffer.alloc(5))),
];

/** Makes bytes that are no HTTP/1: eight kinds of them. */
export function malformedHttp(event: ChaosEvent): Buffer {
  return (HTTP[event.variant % HTTP.length] as Malformed)(event);
}

/** Makes bytes that are no HTTP/2: nine kinds of them. */
export function malformedHttp2(event: ChaosEvent): Buffer {
  return (HTTP2[event.variant % HTTP2.length] as Malformed)(event);
}

/** The first of them begins no word of any protocol. */
function randomBytes({ share }: ChaosEvent): Buffer {
  const random = new SeededStream(share, 'malformed');
  return Buffer.from(
    Array.from({ length: RANDOM_BYTES }, (_, at) => (at === 0 ? 0x80 : random.below(256, at))),
  );
}

function afterGreeting(frame: Buffer): Malformed {
  const bytes = Buffer.concat([CONNECTION_PREFACE, frameOf(FRAME.settings, 0, 0, Buffer.alloc(0)), frame]);
  return () => bytes;
}

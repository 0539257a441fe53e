import type { Socket } from 'node:net';
import type { FailureCode } from '../../src/replay/ports.ts';
import { OK } from './conformance-http-support.ts';

export interface Expected {
  failure?: FailureCode;
  status?: number;
  bytes?: number;
}

/** What a server does with a request, and what has to be told of it. */
export interface Ending extends Expected {
  what: string;
  act(socket: Socket): void;
  method?: string;
  /** Where undici sees it differently, what it tells, and why both may stand. */
  undici?: Expected;
  /** What is said of it; where this is absent: something, if it failed. */
  says?: string;
  /** The same, by the wire transport alone. */
  wireSays?: RegExp;
}

const writes =
  (text: string) =>
  (socket: Socket): void =>
    void socket.write(text, 'latin1');
const ends =
  (text: string) =>
  (socket: Socket): void =>
    void socket.end(text, 'latin1');

const bad = (what: string, text: string, over: Partial<Ending> = {}): Ending => ({
  what,
  act: writes(text),
  failure: 'bad_response',
  ...over,
});
const good = (
  what: string,
  text: string,
  status: number,
  bytes: number,
  over: Partial<Ending> = {},
): Ending => ({
  what,
  act: writes(text),
  status,
  bytes,
  ...over,
});
/** 200 on the wire, and too irregular for undici. */
const lenient = (what: string, text: string, bytes: number, over: Expected = {}): Ending =>
  good(what, text, 200, bytes, { undici: { failure: 'bad_response', ...over } });
const head = (...fields: string[]): string => ['HTTP/1.1 200 OK', ...fields, '', ''].join('\r\n');
const CHUNKED = head('transfer-encoding: chunked');

function dribble(socket: Socket): void {
  const bytes = [...OK];
  const next = (): void => {
    const byte = bytes.shift();
    if (byte !== undefined) socket.write(byte, () => setImmediate(next));
  };
  next();
}

const BROKEN_OFF: Ending[] = [
  {
    what: 'a reset before the answer',
    act: (socket) => socket.resetAndDestroy(),
    failure: 'connection_reset',
  },
  { what: 'an end before the answer', act: (socket) => socket.end(), failure: 'connection_closed' },
  {
    what: 'half an answer, then an end',
    act: ends(`${head('content-length: 9')}half`),
    failure: 'connection_closed',
    status: 200,
    bytes: 4,
  },
  { what: 'half a head, then an end', act: ends('HTTP/1.1 200 OK\r\nconte'), failure: 'connection_closed' },
  {
    what: 'half a chunked answer, then an end',
    act: ends(`${CHUNKED}5\r\nhel`),
    failure: 'connection_closed',
    status: 200,
  },
  {
    what: 'half of it and connection: close',
    act: ends(`${head('connection: close', 'content-length: 9')}half`),
    failure: 'connection_closed',
    status: 200,
  },
  {
    what: 'half a chunked answer and connection: close',
    act: ends(`${head('connection: close', 'transfer-encoding: chunked')}5\r\nhel`),
    failure: 'connection_closed',
    status: 200,
  },
  {
    what: 'half a chunked answer, then a reset',
    act: (socket) => socket.write(`${CHUNKED}5\r\nhel`, () => setTimeout(() => socket.resetAndDestroy(), 50)),
    failure: 'connection_reset',
    status: 200,
  },
  {
    what: 'an interim answer, then an end',
    act: ends('HTTP/1.1 103 Early Hints\r\n\r\n'),
    failure: 'connection_closed',
  },
];

const HEADS: Ending[] = [
  bad('garbage', '\x00\x01 what?\r\n\r\n'),
  bad('another protocol', '220 mail.example ESMTP\r\n'),
  good('HTTP/2 said in HTTP/1', 'HTTP/2.0 200 OK\r\ncontent-length: 0\r\n\r\n', 200, 0),
  bad('a status of two digits', 'HTTP/1.1 20 OK\r\ncontent-length: 0\r\n\r\n'),
  bad('a status of four digits', 'HTTP/1.1 2000 OK\r\ncontent-length: 0\r\n\r\n'),
  // What capture reads, the wire transport reads; undici does not read all of it.
  lenient('a header line that is none', head('no colon', 'content-length: 0'), 0),
  lenient('a space in front of the colon', head('content-length : 0'), 0),
  lenient('a header line without a name', head(': x', 'content-length: 0'), 0),
  lenient('a NUL in a header', head('a: b\x00c', 'content-length: 0'), 0),
  lenient('a folded header line', head('a: b', ' c', 'content-length: 0'), 0),
  lenient('lines without CR', 'HTTP/1.1 200 OK\ncontent-length: 0\n\n', 0),
  bad('300 KB of headers', head(`a: ${'x'.repeat(300_000)}`)),
  bad(
    '300 KB of short headers',
    head(...Array.from({ length: 30_000 }, () => 'name: 3456789'), 'content-length: 0'),
  ),
  bad(
    'an upgrade nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
  ),
  good('100 KB of headers', head(`a: ${'x'.repeat(100_000)}`, 'content-length: 0'), 200, 0),
  good('a status line without a reason', 'HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n', 200, 0),
  good('a reason in Latin-1', 'HTTP/1.1 200 tr\u00e8s bien\r\ncontent-length: 0\r\n\r\n', 200, 0),
  good('404', 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n', 404, 0),
  good(
    '302, which is not followed',
    'HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n',
    302,
    0,
  ),
  good('503', 'HTTP/1.1 503 No\r\ncontent-length: 2\r\n\r\nno', 503, 2, { says: 'no' }),
  good(
    'an error in chunks, with line ends',
    'HTTP/1.1 500 X\r\ntransfer-encoding: chunked\r\n\r\n4\r\na \r\n\r\n3\r\nb\tc\r\n0\r\n\r\n',
    500,
    7,
    { says: 'a \r\nb\tc' },
  ),
  good('an error of 9 KB', `HTTP/1.1 400 X\r\ncontent-length: 9000\r\n\r\n${'x'.repeat(9000)}`, 400, 9000, {
    says: 'x'.repeat(300),
  }),
  good('an error that is no text', 'HTTP/1.1 400 X\r\ncontent-length: 3\r\n\r\n\x1f\x8b\x00', 400, 3, {
    says: '',
  }),
  bad('a TLS alert', '\x15\x03\x01\x00\x02\x02\x46', { wireSays: /speaks TLS there/ }),
  bad('the SETTINGS of HTTP/2', '\0\0\0\x04\0\0\0\0\0', { wireSays: /speaks HTTP\/2 there.*swapped/ }),
  good('early hints, then the answer', `HTTP/1.1 103 Early Hints\r\na: b\r\n\r\n${OK}`, 200, 2),
  good('two interim answers, then the answer', `HTTP/1.1 102 P\r\n\r\nHTTP/1.1 103 E\r\n\r\n${OK}`, 200, 2),
  // undici takes a 100 only where it asked for it.
  good('a 100 nobody asked for', `HTTP/1.1 100 Continue\r\n\r\n${OK}`, 200, 2, {
    undici: { failure: 'bad_response' },
  }),
  { what: 'an answer a byte at a time', act: dribble, status: 200, bytes: 2 },
];

/** undici tells contradictions about the length like a length that was not reached. */
const MISCOUNTED = { undici: { failure: 'connection_closed' } } as const;

const BODIES: Ending[] = [
  bad('two lengths', `${head('content-length: 2', 'content-length: 3')}ok`, MISCOUNTED),
  good('the same length twice', `${head('content-length: 2', 'content-length: 2')}ok`, 200, 2, MISCOUNTED),
  good('a list of lengths', `${head('content-length: 2, 2')}ok`, 200, 2, MISCOUNTED),
  bad('a negative length', `${head('content-length: -2')}ok`),
  bad('a length with a plus', `${head('content-length: +2')}ok`),
  bad('a length in hex', `${head('content-length: 0x2')}ok`),
  bad('an empty length', `${head('content-length: ')}ok`),
  bad('a length of 25 digits', `${head(`content-length: ${'9'.repeat(25)}`)}ok`, MISCOUNTED),
  good(
    'a length and chunks',
    `${head('content-length: 2', 'transfer-encoding: chunked')}2\r\nok\r\n0\r\n\r\n`,
    200,
    2,
    MISCOUNTED,
  ),
  {
    what: 'a coding behind chunked',
    act: ends(`${head('transfer-encoding: chunked, gzip')}2\r\nok\r\n0\r\n\r\n`),
    status: 200,
    bytes: 12,
  },
  good(
    'chunks in HTTP/1.0',
    'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    200,
    2,
  ),
  bad('a chunk size that is none', `${CHUNKED}xyz\r\n`, { status: 200 }),
  bad('a negative chunk size', `${CHUNKED}-2\r\nok\r\n0\r\n\r\n`, { status: 200 }),
  bad('a chunk size of 20 digits', `${CHUNKED}${'f'.repeat(20)}\r\nok`, { status: 200 }),
  bad('a chunk longer than it said', `${CHUNKED}2\r\nokay\r\n0\r\n\r\n`, { status: 200 }),
  lenient('a chunk line without CR', `${CHUNKED}2\nok\n0\n\n`, 2, { status: 200 }),
  lenient('a broken trailer', `${CHUNKED}2\r\nok\r\n0\r\nno colon\r\n\r\n`, 2, { status: 200 }),
  good('chunks', `${CHUNKED}2\r\nok\r\n1A\r\n${'x'.repeat(26)}\r\n0\r\n\r\n`, 200, 28),
  good(
    'chunk extensions and trailers',
    `${CHUNKED}2;a=b;c="d"\r\nok\r\n0;e\r\nX-T: 1\r\nY: 2\r\n\r\n`,
    200,
    2,
  ),
  good('gzip, chunked', `${head('transfer-encoding: gzip, chunked')}2\r\nok\r\n0\r\n\r\n`, 200, 2),
  good('204', 'HTTP/1.1 204 No Content\r\n\r\n', 204, 0),
  good('304 with a length and no body', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n', 304, 0),
  good('a HEAD answer with chunks it does not send', CHUNKED, 200, 0, { method: 'HEAD' }),
  good('a HEAD answer without a length', head('a: b'), 200, 0, { method: 'HEAD' }),
  good(
    'an answer kept alive in HTTP/1.0',
    `HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok`,
    200,
    2,
  ),
  {
    what: 'a body up to the end of the connection',
    act: ends('HTTP/1.0 200 OK\r\n\r\nall of it'),
    status: 200,
    bytes: 9,
  },
  {
    what: 'a coded body up to the end',
    act: ends(`${head('transfer-encoding: gzip')}12345`),
    status: 200,
    bytes: 5,
  },
  {
    what: 'a length, then connection: close and an end',
    act: ends(`${head('connection: close', 'content-length: 2')}ok`),
    status: 200,
    bytes: 2,
  },
  // Bytes nobody asked for, next to the answer: it is whole, and the connection is not used again.
  good('bytes behind the answer', `${OK}more`, 200, 2),
  good('an empty line behind the answer', `${OK}\r\n`, 200, 2),
  good('a second answer behind the answer', OK + OK, 200, 2),
  good('a body behind a 204', 'HTTP/1.1 204 No\r\n\r\nbody', 204, 0),
  good('a body behind a HEAD answer', OK, 200, 0, { method: 'HEAD' }),
];

export const ENDINGS: readonly Ending[] = [...BROKEN_OFF, ...HEADS, ...BODIES];

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResponseParser } from '../../../src/transports/wire-http/response-parser.ts';
import fc, { runs } from '../../support/fast-check.ts';
import { splitAt } from '../../wire/split-bytes.ts';

interface Read {
  status: number;
  bodyBytes: number;
  isDone: boolean;
  problem: string;
  /** Bytes read when it was done; -1 otherwise, where it may stop sooner or later. */
  taken: number;
}

function read(parts: readonly Buffer[], isHead: boolean, ends: boolean): Read {
  const parser = new ResponseParser({ nowNs: () => 0 });
  parser.begin(isHead);
  // As with a socket: one buffer, over and over.
  const shared = Buffer.alloc(Math.max(1, ...parts.map((part) => part.length)));
  let taken = 0;
  for (const part of parts) {
    part.copy(shared);
    taken += parser.push(shared, part.length);
    shared.fill(0xff);
    if (parser.isDone || parser.problem !== '') break;
  }
  if (ends) parser.finish();
  const { status, bodyBytes, isDone, problem } = parser;
  return { status, bodyBytes, isDone, problem, taken: isDone ? taken : -1 };
}

const field = fc.constantFrom(
  'Server: x',
  'A:',
  'Date: Sat, 21 Nov 2026',
  'X-Y:  tab\t\u00e9 ',
  'Keep-Alive: timeout=5',
);
const fields = fc.array(field, { maxLength: 6 });
const body = fc.string({ unit: 'binary-ascii', maxLength: 400 });

/** A valid answer: its bytes, and what has to be read from it. */
const answer = fc
  .record({
    fields,
    body,
    status: fc.integer({ min: 200, max: 999 }),
    interim: fc.array(fc.constantFrom(100, 102, 103, 199), { maxLength: 2 }),
    framing: fc.constantFrom('length', 'chunked', 'until-close', 'head'),
    chunkBytes: fc.integer({ min: 1, max: 50 }),
    extension: fc.constantFrom('', ';a', '; a="b"', '  '),
    trailers: fields,
    random: fc.boolean(),
  })
  .map((made) => {
    const isHead = made.framing === 'head';
    const hasBody = !isHead && made.status !== 204 && made.status !== 304;
    const framing = isHead ? 'length' : made.framing;
    const head = [
      ...made.interim.flatMap((status) => [`HTTP/1.1 ${status} Wait`, ...made.trailers, '']),
      `HTTP/1.1 ${made.status}${made.random ? ' Why not' : ''}`,
      ...made.fields,
      ...(framing === 'length' ? [`Content-LENGTH: ${made.body.length}`] : []),
      ...(framing === 'chunked' ? ['Transfer-Encoding: chunked'] : []),
      '',
      '',
    ].join('\r\n');
    const text = head + (hasBody ? (framing === 'chunked' ? chunked(made) : made.body) : '');
    return {
      bytes: Buffer.from(text, 'latin1'),
      isHead,
      ends: hasBody && framing === 'until-close',
      status: made.status,
      bodyBytes: hasBody ? made.body.length : 0,
    };
  });

function chunked(made: { body: string; chunkBytes: number; extension: string; trailers: string[] }): string {
  let text = '';
  for (let at = 0; at < made.body.length; at += made.chunkBytes) {
    const chunk = made.body.slice(at, at + made.chunkBytes);
    text += `${chunk.length.toString(16)}${made.extension}\r\n${chunk}\r\n`;
  }
  return `${text}0${made.extension}\r\n${made.trailers.map((each) => `${each}\r\n`).join('')}\r\n`;
}

const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 });

test('wire parser: a valid answer is read to its last byte, however it is cut', () => {
  fc.assert(
    fc.property(answer, cuts, fc.boolean(), ({ bytes, isHead, ends, status, bodyBytes }, at, bytewise) => {
      const parts = bytewise
        ? [...bytes.keys()].map((from) => bytes.subarray(from, from + 1))
        : splitAt(bytes, at);
      const expected = { status, bodyBytes, isDone: true, problem: '', taken: bytes.length };
      assert.deepEqual(read(parts, isHead, ends), expected);
      assert.deepEqual(read([bytes], isHead, ends), expected);
    }),
    { numRuns: runs(1000) },
  );
});

test('wire parser: answers behind each other on a connection are read as each alone, alike or not', () => {
  const heads = [
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Count: a\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Count: b\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX-Count: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\n',
    'HTTP/1.1 503 No\nContent-Length: 3\nKeep-Alive: timeout=7, max=2\n\n',
    'HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n',
    'HTTP/1.1 100 Continue\r\n\r\nstray\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n',
    `HTTP/1.1 200 OK\r\nX-Long: ${'x'.repeat(2000)}\r\nContent-Length: 3\r\n\r\n`,
  ];
  const told = (parser: ResponseParser) => {
    const { status, contentLength, keepsAlive, keepAliveMs, requestsLeft, counted, framing } = parser.head;
    const { isDone, bodyBytes, problem } = parser;
    const head = { status, contentLength, keepsAlive, keepAliveMs, requestsLeft, counted, framing };
    return { ...head, isDone, bodyBytes, problem };
  };
  const take = (parser: ResponseParser, parts: readonly Buffer[]) => {
    parser.begin(false);
    for (const part of parts) parser.push(Buffer.from(part), part.length);
    return told(parser);
  };
  const one = fc.tuple(fc.constantFrom(...heads), fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, cuts));
  fc.assert(
    fc.property(fc.array(one, { minLength: 2, maxLength: 150, size: 'max' }), (answers) => {
      const kept = new ResponseParser({ nowNs: () => 0 }, 'x-count');
      for (const [head, at] of answers) {
        const parts = splitAt(Buffer.from(`${head}abc`), at);
        assert.deepEqual(take(kept, parts), take(new ResponseParser({ nowNs: () => 0 }, 'x-count'), parts));
      }
    }),
    { numRuns: runs(100) },
  );
});

test('wire parser: a valid answer with something cut off is never whole', () => {
  fc.assert(
    fc.property(answer, fc.nat(), ({ bytes, isHead, ends }, cut) => {
      fc.pre(!ends);
      const shorter = bytes.subarray(0, cut % bytes.length);
      const seen = read([shorter], isHead, true);
      assert.deepEqual([seen.isDone, seen.problem], [false, '']);
    }),
    { numRuns: runs(500) },
  );
});

test('wire parser: spoilt answers and garbage never throw, and are read alike however they are cut', () => {
  const spoilt = fc
    .tuple(
      answer,
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
    )
    .map(([{ bytes, isHead, ends }, changes]) => {
      const copy = Buffer.from(bytes);
      for (const [at, byte] of changes) copy[at % copy.length] = byte;
      return { bytes: copy, isHead, ends };
    });
  const garbage = fc
    .uint8Array({ minLength: 1, maxLength: 300 })
    .map((bytes) => ({ bytes: Buffer.from(bytes), isHead: false, ends: true }));
  fc.assert(
    fc.property(fc.oneof(spoilt, garbage), cuts, ({ bytes, isHead, ends }, at) => {
      const [inParts, whole] = [read(splitAt(bytes, at), isHead, ends), read([bytes], isHead, ends)];
      // Of several faults in one answer, which is met first may depend on the cuts; that there is one may not.
      if (whole.problem === '' || inParts.problem === '') assert.deepEqual(inParts, whole);
    }),
    { numRuns: runs(2000) },
  );
});

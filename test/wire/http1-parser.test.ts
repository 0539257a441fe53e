import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EngramTraceError } from '../../src/error.ts';
import { createRequestParser, createResponseParser, MAX_HEAD_BYTES } from '../../src/wire/http1-parser.ts';
import fc from '../support/fast-check.ts';
import { splitAt } from './split-bytes.ts';

interface Seen {
  line: string;
  headers: readonly string[];
  body: string;
  ended: boolean;
}

function parseRequests(pieces: readonly Buffer[]): Seen[] {
  const seen: Seen[] = [];
  const last = (): Seen => seen.at(-1) as Seen;
  const parser = createRequestParser({
    onStart: () => seen.push({ line: '', headers: [], body: '', ended: false }),
    onHead: ({ method, target, minorVersion, fields }) => {
      last().line = `${method} ${target} ${minorVersion}`;
      last().headers = fields.headers;
      return 'as-framed';
    },
    onBody: (view) => {
      last().body += view.toString('latin1');
    },
    onEnd: () => {
      last().ended = true;
    },
  });
  for (const piece of pieces) assert.equal(parser.push(Buffer.from(piece)), piece.length);
  return seen;
}

function parseResponses(
  pieces: readonly Buffer[],
  headRequests: readonly boolean[] = [],
): [string[], string] {
  const seen: string[] = [];
  let body = '';
  let finals = 0;
  const parser = createResponseParser({
    onStart: () => {},
    onHead: ({ status }) => {
      seen.push(String(status));
      body = '';
      return status >= 200 && headRequests[finals++] === true ? 'none' : 'as-framed';
    },
    onBody: (view) => {
      body += view.toString('latin1');
    },
    onEnd: () => seen.push(`end:${body}`),
  });
  for (const piece of pieces) parser.push(piece);
  return [seen, parser.finish()];
}

const text = (...lines: string[]): Buffer => Buffer.from(lines.join('\r\n'), 'latin1');

const PIPELINE = text(
  'POST /a?b=%20c HTTP/1.1',
  'Host: x',
  'hOST:  two  words\t ',
  'Content-Length: 5',
  '',
  'helloGET /b HTTP/1.0',
  'X-A:',
  'X-A: é',
  '',
  'PUT /c HTTP/1.1',
  'Transfer-Encoding: gzip, Chunked',
  '',
  '5;ext="a b"',
  'abcde',
  '0A',
  '0123456789',
  '000',
  'Trailer: 1',
  '',
  'DELETE * HTTP/1.1',
  '',
  '',
);
const PIPELINED: Seen[] = [
  {
    line: 'POST /a?b=%20c 1',
    headers: ['Host', 'x', 'hOST', 'two  words', 'Content-Length', '5'],
    body: 'hello',
    ended: true,
  },
  { line: 'GET /b 0', headers: ['X-A', '', 'X-A', 'é'], body: '', ended: true },
  {
    line: 'PUT /c 1',
    headers: ['Transfer-Encoding', 'gzip, Chunked'],
    body: 'abcde0123456789',
    ended: true,
  },
  { line: 'DELETE * 1', headers: [], body: '', ended: true },
];

describe('http1 request parser', () => {
  it('reads pipelined requests as they were sent', () => {
    assert.deepEqual(parseRequests([PIPELINE]), PIPELINED);
  });

  it('reads the same however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 }), (fractions) => {
        assert.deepEqual(parseRequests(splitAt(PIPELINE, fractions)), PIPELINED);
      }),
      { numRuns: 300 },
    );
    const bytes = [...PIPELINE].map((byte) => Buffer.from([byte]));
    assert.deepEqual(parseRequests(bytes), PIPELINED);
  });

  it('skips empty lines between messages', () => {
    assert.equal(parseRequests([text('', '', 'GET / HTTP/1.1', '', '')])[0]?.line, 'GET / 1');
  });

  const ambiguous: Record<string, string[]> = {
    'length and coding': ['Content-Length: 3', 'Transfer-Encoding: chunked'],
    'two lengths': ['Content-Length: 3', 'Content-Length: 4'],
    'a list of two lengths': ['Content-Length: 3, 4'],
    'a length of nothing': ['Content-Length:'],
    'a signed length': ['Content-Length: +3'],
    'a hexadecimal length': ['Content-Length: 0x3'],
    'a coding behind chunked': ['Transfer-Encoding: chunked, gzip'],
    'chunked twice': ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
    'a coding that is not chunked': ['Transfer-Encoding: gzip'],
    'a coding of nothing': ['Transfer-Encoding:'],
    'a length with a space before the colon': ['Content-Length : 3'],
    'a folded line': ['A: b', ' c'],
    'a coding in a folded line': ['Transfer-Encoding:', ' chunked'],
    'a length that looks like a folded line': ['A: b', ' Content-Length: 3'],
    'a length behind a byte that is no name': ['\x0bContent-Length: 3'],
    'a length and a byte that is no blank': ['Content-Length: 3\x0b'],
    'a coding and a byte that is no blank': ['Transfer-Encoding: chunked\xa0'],
    'a length behind a bare carriage return': ['A: b\rContent-Length: 3'],
    'a length behind a line feed among lines with CRLF': ['A: b\nContent-Length: 3'],
  };
  for (const [name, lines] of Object.entries(ambiguous)) {
    it(`refuses ${name}`, () => {
      assert.throws(() => parseRequests([text('POST / HTTP/1.1', ...lines, '', 'abc')]), EngramTraceError);
    });
  }

  for (const line of [
    'GET /',
    'GET / HTTP/2.0',
    'GET / HTTP/1.x',
    'G@T / HTTP/1.1',
    'GET / x HTTP/1.1',
    'x',
  ]) {
    it(`refuses the request line "${line}"`, () => {
      assert.throws(() => parseRequests([text(line, '', '')]), EngramTraceError);
    });
  }

  for (const [name, body] of [
    ['a chunk without a size', 'zz\r\n'],
    ['a negative chunk', '-1\r\n'],
    ['a chunk longer than it said', '1\r\nab\r\n'],
    ['an extension that ends without CR', '1;a\nb\r\n'],
    ['a size of too many digits', '10000000000001\r\na\r\n'],
    ['an endless chunk line', `1;${'x'.repeat(20_000)}`],
    ['endless trailers', `0\r\n${`a: ${'x'.repeat(9_000)}\r\n`.repeat(10)}`],
  ] as const) {
    it(`refuses ${name}`, () => {
      const head = text('POST / HTTP/1.1', 'Transfer-Encoding: chunked', '', '');
      assert.throws(() => parseRequests([Buffer.concat([head, Buffer.from(body)])]), EngramTraceError);
    });
  }

  it('reads a long chunk line that comes in pieces as the same line in one', () => {
    const front = fc.constantFrom('', ' ', '0', '\t', '00', ' 0');
    const behind = fc.constantFrom('', ' ', '\t', ' \r', ';a=b', ' ;', '0', ' 7', 'z');
    const line = fc
      .tuple(front, fc.constantFrom('0', '1', '00', '3a', '\r1'), behind, fc.integer({ min: 0, max: 400 }))
      .map(([before, size, after, times]) => before.repeat(times) + size + after.repeat(times));
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });
    const outcome = (pieces: readonly Buffer[]): unknown => {
      try {
        return parseRequests(pieces);
      } catch {
        return 'refused';
      }
    };
    fc.assert(
      fc.property(line, cuts, (sizeLine, at) => {
        const head = text('POST / HTTP/1.1', 'Transfer-Encoding: chunked', '', '');
        const whole = Buffer.concat([head, Buffer.from(`${sizeLine}\r\n${'x'.repeat(0x3a)}\r\n0\r\n\r\n`)]);
        const bytes = [...whole].map((byte) => Buffer.from([byte]));
        for (const pieces of [bytes, splitAt(whole, at)]) assert.deepEqual(outcome(pieces), outcome([whole]));
      }),
    );
  });

  it('takes a target of 16 KB and refuses an endless head, in one piece or in many', () => {
    const target = `/${'x'.repeat(16_384)}`;
    assert.equal(parseRequests([text(`GET ${target} HTTP/1.1`, '', '')])[0]?.line, `GET ${target} 1`);
    const endless = Buffer.concat([
      Buffer.from('GET / HTTP/1.1\r\nA: '),
      Buffer.alloc(MAX_HEAD_BYTES + 10, 0x61),
    ]);
    assert.throws(() => parseRequests([endless]), EngramTraceError);
    const pieces = Array.from({ length: Math.ceil(endless.length / 1000) }, (_, i) =>
      endless.subarray(i * 1000, i * 1000 + 1000),
    );
    assert.throws(() => parseRequests(pieces), EngramTraceError);
  });

  it('stops where it is told to and says how much it took', () => {
    const bytes = text('GET /1 HTTP/1.1', '', 'raw bytes of something else');
    const parser = createRequestParser({
      onStart: () => {},
      onHead: () => 'as-framed',
      onBody: () => {},
      onEnd: () => parser.pause(),
    });
    assert.equal(bytes.subarray(parser.push(bytes)).toString(), 'raw bytes of something else');
  });

  it('throws nothing but its own error, whatever the bytes', () => {
    const noise = fc.array(
      fc.oneof(
        fc.constantFrom(
          'GET / HTTP/1.1\r\n',
          'Content-Length: 4\r\n',
          '\r\n',
          'Transfer-Encoding: chunked\r\n',
          '4\r\n',
        ),
        fc.string({ maxLength: 12 }),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(noise, (parts) => {
        try {
          parseRequests([Buffer.from(parts.join(''), 'latin1')]);
        } catch (error) {
          assert.ok(error instanceof EngramTraceError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('http1 response parser', () => {
  it('knows where answers end: length, chunks, statuses without a body, HEAD', () => {
    const bytes = text(
      'HTTP/1.1 100 Continue',
      '',
      'HTTP/1.1 200 OK',
      'Content-Length: 2',
      '',
      'okHTTP/1.1 204 No Content',
      '',
      'HTTP/1.1 304',
      'Content-Length: 7',
      '',
      'HTTP/1.1 200 to HEAD',
      'Content-Length: 9',
      '',
      'HTTP/1.1 500 Bad',
      'Transfer-Encoding: chunked',
      '',
      '3',
      'abc',
      '0',
      '',
      '',
    );
    const expected = [
      '100',
      'end:',
      '200',
      'end:ok',
      '204',
      'end:',
      '304',
      'end:',
      '200',
      'end:',
      '500',
      'end:abc',
    ];
    const heads = [false, false, false, true, false];
    assert.deepEqual(parseResponses([bytes], heads), [expected, 'clean']);
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 }), (fractions) => {
        assert.deepEqual(parseResponses(splitAt(bytes, fractions), heads)[0], expected);
      }),
      { numRuns: 200 },
    );
  });

  it('takes a body without a length until the connection ends', () => {
    assert.deepEqual(parseResponses([text('HTTP/1.0 200 OK', '', 'all of it')]), [
      ['200', 'end:all of it'],
      'clean',
    ]);
  });

  it('tells an answer that was cut off', () => {
    assert.equal(parseResponses([text('HTTP/1.1 200 OK', 'Content-Length: 10', '', 'half')])[1], 'cut');
    assert.equal(parseResponses([text('HTTP/1.1 200 OK', 'Conte')])[1], 'cut');
  });

  it('refuses what is no answer', () => {
    for (const line of [
      'SSH-2.0-OpenSSH',
      'HTTP/2 200',
      'HTTP/1.1 20',
      'HTTP/1.1 2000 x',
      'HTTP/1.1200',
      'xHTTP/1.1 200',
      'HTTP/1.1 099',
    ]) {
      assert.throws(() => parseResponses([text(line, '', '')]), EngramTraceError, line);
    }
  });
});

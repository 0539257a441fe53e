import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Http1Finish, Http1Parser } from '../../src/wire/http1-parser.ts';
import { createRequestParser, createResponseParser } from '../../src/wire/http1-parser.ts';
import fc from '../support/fast-check.ts';
import { splitAt } from './split-bytes.ts';

/** What was seen: start lines, bodies, and how it ended. */
interface Seen {
  messages: string[];
  end: Http1Finish | string;
}

type Feed = (push: (piece: Buffer) => void) => void;

function readAll<Head>(open: (tell: (text: string) => void) => Http1Parser<Head>, feed: Feed): Seen {
  const messages: string[] = [];
  const parser = open((text) => messages.push(text));
  try {
    feed((piece) => parser.push(piece));
    return { messages, end: parser.finish() };
  } catch (error) {
    return { messages, end: (error as Error).message };
  }
}

function readRequests(feed: Feed): Seen {
  return readAll((tell) => {
    let body = '';
    let line = '';
    return createRequestParser({
      onStart: () => {},
      onHead: ({ method, target, fields }) => {
        line = `${method} ${target} ${fields.headers.join('|')}`;
        body = '';
        return 'as-framed';
      },
      onBody: (view) => {
        body += view.toString('latin1');
      },
      onEnd: () => tell(`${line} [${body}]`),
    });
  }, feed);
}

function readAnswers(feed: Feed, isHead = false): Seen {
  return readAll((tell) => {
    let body = '';
    let status = 0;
    return createResponseParser({
      onStart: () => {},
      onHead: (head) => {
        status = head.status;
        body = '';
        return isHead ? 'none' : 'as-framed';
      },
      onBody: (view) => {
        body += view.toString('latin1');
      },
      onEnd: () => tell(`${status} [${body}]`),
    });
  }, feed);
}

/** The same in one piece, byte by byte and in random pieces. */
function holds(bytes: Buffer, read: (feed: Feed) => Seen, expected: Seen): void {
  assert.deepEqual(
    read((push) => push(bytes)),
    expected,
    'in one piece',
  );
  assert.deepEqual(
    read((push) => {
      for (let at = 0; at < bytes.length; at++) push(bytes.subarray(at, at + 1));
    }),
    expected,
    'byte by byte',
  );
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }), (fractions) => {
      const seen = read((push) => {
        for (const piece of splitAt(bytes, fractions)) push(piece);
      });
      assert.deepEqual(seen, expected);
    }),
    { numRuns: 30 },
  );
}

const latin = (text: string): Buffer => Buffer.from(text, 'latin1');
const NEXT = 'HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\nend';

describe('an irregular answer', () => {
  const answers: Record<string, string> = {
    'a folded line': 'HTTP/1.1 200 OK\r\nX-Policy: a;\r\n  b\r\nContent-Length: 2\r\n\r\nok',
    'a folded length': 'HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\n\r\nok',
    'a fold with nothing before it': 'HTTP/1.1 200 OK\r\n Content-Length: 2\r\n\r\nok',
    'equal lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\nok',
    'a list of equal lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok',
    'a space in front of the colon': 'HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok',
    'a control byte': 'HTTP/1.1 200 OK\r\nX: a\x01b\x7f\r\nContent-Length: 2\r\n\r\nok',
    'a null byte': 'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok',
    'a high byte in value and reason': 'HTTP/1.1 200 \xc3\xa9\r\nX: \xff\r\nContent-Length: 2\r\n\r\nok',
    'a bare carriage return': 'HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 2\r\n\r\nok',
    'lines that end with LF': 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok',
    'some lines that end with LF': 'HTTP/1.1 200 OK\r\nA: b\nContent-Length: 2\r\n\nok',
    'a head that ends with LF in front of CRLF': 'HTTP/1.1 200 OK\nContent-Length: 2\n\r\nok',
    'CR twice': 'HTTP/1.1 200 OK\r\r\nContent-Length: 2\r\r\n\r\nok',
    'no reason': 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok',
    'a space for a reason': 'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok',
    'a reason with a control byte': 'HTTP/1.1 200 O\x01K\r\nContent-Length: 2\r\n\r\nok',
    'spaces in the status line': ' HTTP/1.1   200   OK\r\nContent-Length: 2\r\n\r\nok',
    'a tab in the status line': 'HTTP/1.1\t200\tOK\r\nContent-Length: 2\r\n\r\nok',
    'a reason without a space': 'HTTP/1.1 200OK\r\nContent-Length: 2\r\n\r\nok',
    'lower case': 'http/1.1 200 ok\r\ncontent-length: 2\r\n\r\nok',
    'a version to come': 'HTTP/1.9 200 OK\r\nContent-Length: 2\r\n\r\nok',
    'a line without a colon': 'HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 2\r\n\r\nok',
    'a line without a name': 'HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 2\r\n\r\nok',
    'a name with spaces': 'HTTP/1.1 200 OK\r\nmy header: x\r\nContent-Length: 2\r\n\r\nok',
    'thousands of headers': `HTTP/1.1 200 OK\r\n${'X-Y: zz\r\n'.repeat(5_000)}Content-Length: 2\r\n\r\nok`,
    'empty lines in front': '\r\n\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    'coding and length':
      'HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    'the coding identity': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nok',
    'chunked twice':
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    'chunks without CR': 'HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2;a=b\nok\n0\nT: 1\n\n',
    'odd chunk sizes':
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n 000000000000001 ;\x01\r\no\r\n1\t\r\nk\r\n00\r\n\r\n',
    'odd trailers':
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nnonsense\r\n a: b\r\nX : \0\r\n\r\n',
  };
  for (const [name, bytes] of Object.entries(answers)) {
    it(`is read with ${name}, and so is the next one`, () => {
      holds(latin(bytes + NEXT), readAnswers, { messages: ['200 [ok]', '404 [end]'], end: 'clean' });
    });
  }

  for (const [name, head] of Object.entries({
    '204 with a length': 'HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n',
    '204 without one': 'HTTP/1.1 204 No Content\r\n\r\n',
    '304 with chunks': 'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n',
  })) {
    it(`does not count a body behind ${name}`, () => {
      const expected = { messages: [`${head.slice(9, 12)} []`, '404 [end]'], end: 'clean' as const };
      for (const body of ['', 'ok', '<p>\r\n\r\n</p>\r\n\r\n', '2\r\nok\r\n0\r\n\r\n'])
        holds(latin(head + body + NEXT), readAnswers, expected);
    });
  }

  it('does not count a body behind an answer to HEAD', () => {
    const bytes = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 201 OK\r\n\r\n';
    holds(latin(bytes), (feed) => readAnswers(feed, true), { messages: ['200 []', '201 []'], end: 'clean' });
  });

  it('of each informational kind is passed over', () => {
    const interim =
      'HTTP/1.1 100\n\nHTTP/1.1 102 P\r\n\r\nHTTP/1.1 103 Early\r\nLink : <a>;\r\n rel=x\r\n\r\n';
    const messages = ['100 []', '102 []', '103 []', '404 [end]'];
    holds(latin(interim + NEXT), readAnswers, { messages, end: 'clean' });
  });

  for (const [name, bytes] of Object.entries({
    'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok',
    'a length that is no number': 'HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok',
    'a negative length': 'HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok',
    'a chunk without a size': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nok\r\n',
    'a chunk longer than it says':
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nok\r\n0\r\n\r\n',
  })) {
    it(`tells its status, and that nobody knows its end, with ${name}`, () => {
      const statuses: number[] = [];
      const parser = createResponseParser({
        onStart: () => {},
        onHead: ({ status }) => {
          statuses.push(status);
          return 'as-framed';
        },
        onBody: () => {},
        onEnd: () => assert.fail('it has no end'),
      });
      assert.throws(() => parser.push(latin(bytes)), /not HTTP\/1\.1/);
      assert.deepEqual(statuses, [200]);
    });
  }
});

describe('a head made to take long', () => {
  for (const [name, lines] of Object.entries({
    'folded lines': `A: b\r\n${' c\r\n'.repeat(50_000)}`,
    'blanks in a value': `A: ${' '.repeat(200_000)}b\x01\r\n`,
    'blanks in a name': `A${' '.repeat(200_000)}b: c\r\n`,
    'blanks and tabs in front of a colon': `A${' \t'.repeat(100_000)}: c\r\n`,
    'commas in a length': `Content-Length: ${',2 '.repeat(60_000)}\r\nX : 1\r\n`,
    'lines that are none': 'x\n'.repeat(100_000),
  })) {
    it(`is read in time, with ${name}`, () => {
      const started = process.cpuUsage();
      readAnswers((push) => push(latin(`HTTP/1.1 200 OK\r\n${lines}\r\n`)));
      const { user, system } = process.cpuUsage(started);
      // A few ms where the time grows with the length, many seconds where it grows with its square.
      assert.ok(user + system < 2e6, `${(user + system) / 1000} ms of CPU`);
    });
  }
});

describe('an irregular request', () => {
  const requests: Record<string, [bytes: string, expected: string]> = {
    'lines that end with LF': [
      'PUT /a HTTP/1.1\nHost: x\nContent-Length: 2\n\nok',
      'PUT /a Host|x|Content-Length|2 [ok]',
    ],
    'some lines that end with LF': ['GET /a HTTP/1.1\r\nHost: x\nA: b\r\n\r\n', 'GET /a Host|x|A|b []'],
    'a space in front of the colon': ['GET /a HTTP/1.1\r\nA : b\r\n\r\n', 'GET /a A|b []'],
    'equal lengths': [
      'PUT /a HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok',
      'PUT /a Content-Length|2|Content-Length|2 [ok]',
    ],
    'a line without a colon': ['GET /a HTTP/1.1\r\nnonsense\r\nA: b\r\n\r\n', 'GET /a A|b []'],
    'a control byte': ['GET /a HTTP/1.1\r\nA: b\x01c\r\n\r\n', 'GET /a A|b\x01c []'],
    'a null byte and a bare CR': ['GET /a HTTP/1.1\r\nA: b\0\0c\rd\r\n\r\n', 'GET /a A|b  c d []'],
    'spaces in its first line': ['GET   /a\tHTTP/1.1 \r\nA: b\r\n\r\n', 'GET /a A|b []'],
    'lower case': ['GET /a http/1.1\r\nA: b\r\n\r\n', 'GET /a A|b []'],
    'a version to come': ['GET /a HTTP/1.2\r\nA: b\r\n\r\n', 'GET /a A|b []'],
    'empty lines in front': ['\r\n\n\r\nGET /a HTTP/1.1\r\n\r\n', 'GET /a  []'],
    'chunks without CR': [
      'PUT /a HTTP/1.1\nTransfer-Encoding: chunked\n\n2\nok\n0\nT: 1\n\n',
      'PUT /a Transfer-Encoding|chunked [ok]',
    ],
  };
  for (const [name, [bytes, expected]] of Object.entries(requests)) {
    it(`is read with ${name}, and so is the next one`, () => {
      const next = 'DELETE /b HTTP/1.1\r\n\r\n';
      holds(latin(bytes + next), readRequests, { messages: [expected, 'DELETE /b  []'], end: 'clean' });
    });
  }
});

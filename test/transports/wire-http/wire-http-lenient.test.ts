import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResponseParser } from '../../../src/transports/wire-http/response-parser.ts';
import { createResponseParser } from '../../../src/wire/http1-parser.ts';
import fc, { runs } from '../../support/fast-check.ts';

/** Status and bytes of the first whole answer; undefined where there is none. */
interface Read {
  status: number;
  bodyBytes: number;
}

function asReplay(bytes: Buffer, isHead: boolean): Read | undefined {
  const parser = new ResponseParser({ nowNs: () => 0 });
  parser.begin(isHead);
  parser.push(bytes, bytes.length);
  parser.finish();
  return parser.isDone ? { status: parser.status, bodyBytes: parser.bodyBytes } : undefined;
}

function asCapture(bytes: Buffer, isHead: boolean): Read | undefined {
  const whole: Read[] = [];
  let status = 0;
  let bodyBytes = 0;
  const parser = createResponseParser({
    onStart() {},
    onHead(head) {
      status = head.status;
      bodyBytes = 0;
      return isHead && status >= 200 ? 'none' : 'as-framed';
    },
    onBody(view) {
      bodyBytes += view.length;
    },
    onEnd() {
      if (status >= 200) whole.push({ status, bodyBytes });
    },
  });
  try {
    parser.push(bytes);
    parser.finish();
  } catch {
    // Bytes behind the first answer may be anything.
  }
  return whole[0];
}

const text = (bytes: string): Buffer => Buffer.from(bytes, 'latin1');
const okWith = (...fields: string[]): string =>
  `${['HTTP/1.1 200 OK', ...fields, 'Content-Length: 2', '', ''].join('\r\n')}ok`;
const coded = (coding: string, body = '2\r\nok\r\n0\r\n\r\n', ...fields: string[]): string =>
  `${['HTTP/1.1 200 OK', `Transfer-Encoding: ${coding}`, ...fields, '', ''].join('\r\n')}${body}`;
const startsWith = (line: string): string => `${line}\r\nContent-Length: 2\r\n\r\nok`;
const OK = okWith();

/** What servers send that is not as it should be, and is 200 with two bytes of body. */
const IRREGULAR: Record<string, string> = {
  'CRLF behind the body': `${OK}\r\n`,
  'LF behind the body': `${OK}\n`,
  'empty lines in front': `\r\n\n\r\n${OK}`,
  'an empty line behind an interim answer': `HTTP/1.1 103 E\r\n\r\n\r\n${OK}`,
  'something behind the body': `${OK}more`,
  'lines that end with LF': OK.replaceAll('\r\n', '\n'),
  'one line that ends with LF': OK.replace('OK\r\n', 'OK\n'),
  'an empty line without CR': `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nok`,
  'a folded line': okWith('A: b\r\n\tc'),
  'a folded line of blanks': okWith('A: b\r\n '),
  'a folded line in front of all': okWith(' c: d'),
  'a folded length': 'HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\n\r\nok',
  'a folded coding': coded('\r\n chunked'),
  'a folded list of codings': coded('gzip,\r\n chunked'),
  'the length twice': okWith('Content-Length: 2'),
  'a list of the length': okWith('Content-Length: 2, 2'),
  'a blank in front of the colon': okWith('A : b'),
  'a tab in front of the colon of the length': 'HTTP/1.1 200 OK\r\nContent-Length\t: 2\r\n\r\nok',
  'no name': okWith(': b'),
  'an odd name': okWith('a(b): c'),
  'a name in UTF-8': okWith('a\xc3\xa9: c'),
  'no colon': okWith('abc'),
  'NUL in a value': okWith('A: a\0b'),
  'CR in a value': okWith('A: a\rb'),
  'control characters in a value': okWith('A: a\x01\x7fb'),
  'no reason': startsWith('HTTP/1.1 200'),
  'a reason in Latin-1': startsWith('HTTP/1.1 200 \xe9\xff'),
  'a reason with control characters': startsWith('HTTP/1.1 200 a\x01\0b'),
  'a reason without a blank': startsWith('HTTP/1.1 200-OK'),
  'two blanks': startsWith('HTTP/1.1  200 OK'),
  'a tab': startsWith('HTTP/1.1\t200\tOK'),
  'a status line in lower case': startsWith('http/1.1 200 ok'),
  'a version to come': startsWith('HTTP/1.2 200 OK'),
  'a coding in upper case': coded('CHUNKED'),
  'chunked twice': coded('chunked, chunked'),
  'two lines of codings': coded('gzip', undefined, 'Transfer-Encoding: chunked'),
  'chunked and a length': coded('chunked', undefined, 'Content-Length: 7'),
  'chunked and two lengths': coded('chunked', undefined, 'Content-Length: 7', 'Content-Length: 8'),
  'chunked in HTTP/1.0': coded('chunked').replace('1.1', '1.0'),
  'identity and a length': okWith('Transfer-Encoding: identity'),
  'no coding and a length': okWith('Transfer-Encoding:'),
  'an unknown coding': coded('rot13', 'ok'),
  'a coding behind chunked': coded('chunked, gzip', 'ok'),
  'a chunk extension with blanks': coded('chunked', '2 ; a="b;c"\r\nok\r\n0 ;x\r\n\r\n'),
  'a chunk extension with control characters': coded('chunked', '2;a\x01\r\nok\r\n0\r\n\r\n'),
  'blanks around a chunk size': coded('chunked', ' 2 \r\nok\r\n0\r\n\r\n'),
  'zeros in front of a chunk size': coded('chunked', `${'0'.repeat(30)}2\r\nok\r\n000\r\n\r\n`),
  'chunk lines that end with LF': coded('chunked', '2\nok\n0\n\n'),
  trailers: coded('chunked', '2\r\nok\r\n0\r\nA: b\r\n c\r\nD : e\r\nno colon\r\n\r\n'),
  'no length': 'HTTP/1.0 200 OK\r\n\r\nok',
};

/** And what has no body, whatever it says. */
const BODILESS: Record<string, [status: number, isHead: boolean, bytes: string]> = {
  '204 with a length': [204, false, 'HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n'],
  '204 with chunks': [204, false, 'HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  '304 with two lengths': [304, false, 'HTTP/1.1 304 No\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n'],
  'HEAD with a length and chunks': [
    200,
    true,
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
  ],
  'HEAD with two lengths': [200, true, 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n'],
  'HEAD with a body': [200, true, OK],
};

test('wire parser: irregular answers that capture records are read, and read alike', () => {
  for (const [what, bytes] of Object.entries(IRREGULAR)) {
    const expected = { status: 200, bodyBytes: 2 };
    assert.deepEqual(asReplay(text(bytes), false), expected, what);
    assert.deepEqual(asCapture(text(bytes), false), expected, `capture: ${what}`);
  }
  for (const [what, [status, isHead, bytes]] of Object.entries(BODILESS)) {
    const expected = { status, bodyBytes: 0 };
    assert.deepEqual(asReplay(text(bytes), isHead), expected, what);
    assert.deepEqual(asCapture(text(bytes), isHead), expected, `capture: ${what}`);
  }
});

test('wire parser: whatever capture reads as a whole answer is one to replay too', () => {
  const whole = fc.constantFrom(...Object.values(IRREGULAR));
  const byte = fc.oneof(fc.constantFrom(0, 9, 10, 13, 32, 44, 48, 58, 59), fc.integer({ min: 0, max: 255 }));
  const changes = fc.array(fc.tuple(fc.nat(), byte), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(whole, changes, fc.boolean(), (answer, spoilt, isHead) => {
      const bytes = text(answer);
      for (const [at, value] of spoilt) bytes[at % bytes.length] = value;
      const recorded = asCapture(bytes, isHead);
      if (recorded !== undefined) assert.deepEqual(asReplay(bytes, isHead), recorded);
    }),
    { numRuns: runs(2000) },
  );
});

import { trimBlanks } from '../../wire/http1-head.ts';
import { joinedValue } from '../answer/counted-header.ts';
import {
  type AnswerHead,
  type EndlessType,
  endlessTypeIn,
  isCoded,
  isCompressed,
} from '../answer/endless-kind.ts';
import {
  endOfName,
  isFieldValue,
  isWord,
  parseLength,
  skipSpace,
  trimSpace,
  wordBytes,
} from '../answer/response-fields.ts';
import { irregularStatusOf, mendFieldLine, oneLengthOf } from './mend-line.ts';

/** How the body behind a head ends (RFC 9112 §6.3). */
export type Framing = 'length' | 'chunked' | 'until-close';

const HTTP_1 = Uint8Array.from('HTTP/1.', (char) => char.charCodeAt(0));
const HTTP = wordBytes('http/');
const CONTENT_LENGTH = wordBytes('content-length');
const TRANSFER_ENCODING = wordBytes('transfer-encoding');
const CONNECTION = wordBytes('connection');
const CONTENT_TYPE = wordBytes('content-type');
const CONTENT_ENCODING = wordBytes('content-encoding');
const KEEP_ALIVE = wordBytes('keep-alive');
const CHUNKED = wordBytes('chunked');
const CLOSE = wordBytes('close');

/** Which field the last line was, for a line that continues it. */
type FieldKind = 'none' | 'length' | 'coding' | 'connection' | 'other';

const NO_LENGTHS: string[] = [];

/**
 * What one answer's status line and headers say about where it ends and whether the connection lives on. Fed line by
 * line, without the line's end. Regular lines are read without a string; others once more, as capture and most
 * clients read them. Nothing else of the head is kept.
 */
export class ResponseHead implements AnswerHead {
  status = 0;
  /** -1: none was given. */
  contentLength = -1;
  framing: Framing = 'until-close';
  /** Why nobody can tell where the body ends; '' where one can. It does not matter where there is none. */
  fault = '';
  /** The server does not say that it will close the connection. */
  keepsAlive = false;
  /** From a Keep-Alive header, in ms; -1: none was given. */
  keepAliveMs = -1;
  /** How many more requests the server takes on this connection; -1: it does not say. */
  requestsLeft = -1;
  /** What the content type says of an end; undefined for most types. */
  endlessType: EndlessType | undefined = undefined;
  /** The body is compressed, or coded in another way. */
  isEncoded = false;
  /** The value of the header that answers are counted by. */
  counted: string | undefined = undefined;
  /** The name of that header, for `isWord`; undefined where none is counted by. */
  readonly #countedName: Uint8Array | undefined;
  #minor = 1;
  #last: FieldKind = 'none';
  /** Values that are not one plain number. */
  #lengths = NO_LENGTHS;
  #codings = '';
  #isClosing = false;
  #isKeeping = false;
  #keepAliveText = '';
  #keepAliveSeen = { timeoutMs: -1, max: -1 };

  /** `countByHeader`: the name of a header, in lower case, whose value is kept. */
  constructor(countByHeader?: string | undefined) {
    this.#countedName = countByHeader === undefined ? undefined : wordBytes(countByHeader).map(withBit);
  }

  /** Tells whether these bytes could be the beginning of a status line. */
  static isBeginning(bytes: Uint8Array, length: number): boolean {
    const from = skipSpace(bytes, 0, length);
    for (let at = from; at < length && at < from + HTTP.length; at += 1) {
      if (((bytes[at] as number) | 0x20) !== HTTP[at - from]) return false;
    }
    return true;
  }

  /** Reads a status line; false for what is none. Where `inside`, it may begin in the middle of the line. */
  statusLine(bytes: Buffer, from: number, to: number, inside: boolean): boolean {
    this.#forget();
    const minor = (bytes[from + 7] as number) - 0x30;
    const status = to - from < 12 ? -1 : parseLength(bytes, from + 9, from + 12);
    const isRegular =
      startsWithHttp1(bytes, from, HTTP_1.length) &&
      (minor === 0 || minor === 1) &&
      bytes[from + 8] === 0x20 &&
      status >= 100 &&
      (to - from === 12 || bytes[from + 12] === 0x20);
    const line = isRegular
      ? { minor, status }
      : irregularStatusOf(bytes.toString('latin1', from, to), inside);
    if (line === undefined) return false;
    this.#minor = line.minor;
    this.status = line.status;
    return true;
  }

  fieldLine(bytes: Buffer, from: number, to: number): void {
    const colon = endOfName(bytes, from, to);
    if (colon < 0 || !isFieldValue(bytes, colon + 1, to)) {
      this.#oddLine(bytes.toString('latin1', from, to));
      return;
    }
    this.#line(bytes, from, colon, to);
  }

  get hasLength(): boolean {
    return this.framing === 'length';
  }

  /** Decides, when all lines are there, how the body ends. */
  end(): void {
    const { contentLength } = this;
    this.keepsAlive = !this.#isClosing && (this.#minor === 1 || this.#isKeeping);
    if (this.#lengths.length > 0) {
      const seen = contentLength < 0 ? this.#lengths : [String(contentLength), ...this.#lengths];
      this.contentLength = oneLengthOf(seen);
    }
    const isLengthBad = this.#lengths.length > 0 && this.contentLength < 0;
    const coding = lastCoding(this.#codings);
    if (coding === '') {
      this.framing = this.contentLength >= 0 ? 'length' : 'until-close';
      this.fault = isLengthBad ? 'a Content-Length that is not one number' : '';
      return;
    }
    this.framing = coding === 'chunked' ? 'chunked' : 'until-close';
    if (this.#codings !== 'chunked') this.isEncoded ||= isCompressed(this.#codings);
    // Read all the same, but not trusted with another request (RFC 9112 §6.1, §6.3).
    if (this.#minor === 0 || this.contentLength >= 0 || isLengthBad) this.keepsAlive = false;
  }

  #forget(): void {
    this.status = 0;
    this.contentLength = -1;
    this.fault = '';
    this.keepAliveMs = -1;
    this.requestsLeft = -1;
    this.endlessType = undefined;
    this.isEncoded = false;
    this.counted = undefined;
    this.#last = 'none';
    this.#lengths = NO_LENGTHS;
    this.#codings = '';
    this.#isClosing = false;
    this.#isKeeping = false;
  }

  #line(bytes: Buffer, from: number, colon: number, to: number): void {
    const length = colon - from;
    this.#last = 'other';
    if (this.#countedName !== undefined) this.#count(bytes, from, colon, to, this.#countedName);
    // The four fields that frame an answer have the first of these lengths, those that say what it is the last.
    if (length === 10 || length === 14 || length === 17) this.#field(bytes, from, colon, to);
    else if (length === 12 || length === 16) this.#contentField(bytes, from, colon, to);
  }

  #count(bytes: Buffer, from: number, colon: number, to: number, name: Uint8Array): void {
    if (!isWord(bytes, from, colon, name)) return;
    const start = skipSpace(bytes, colon + 1, to);
    this.counted = joinedValue(this.counted, bytes.toString('latin1', start, trimSpace(bytes, start, to)));
  }

  #field(bytes: Buffer, from: number, colon: number, to: number): void {
    const start = skipSpace(bytes, colon + 1, to);
    const end = trimSpace(bytes, start, to);
    if (isWord(bytes, from, colon, CONTENT_LENGTH)) this.#onLength(bytes, start, end);
    else if (isWord(bytes, from, colon, CONNECTION)) this.#onConnection(bytes, start, end);
    else if (isWord(bytes, from, colon, KEEP_ALIVE)) this.#onKeepAlive(bytes.toString('latin1', start, end));
    else if (isWord(bytes, from, colon, TRANSFER_ENCODING)) this.#onCoding(bytes, start, end);
  }

  /** Takes a field that says what the body is. */
  #contentField(bytes: Buffer, from: number, colon: number, to: number): void {
    const isType = isWord(bytes, from, colon, CONTENT_TYPE);
    if (!isType && !isWord(bytes, from, colon, CONTENT_ENCODING)) return;
    const start = skipSpace(bytes, colon + 1, to);
    const end = trimSpace(bytes, start, to);
    if (isType) this.endlessType = endlessTypeIn(bytes, start, end);
    else this.isEncoded = isCoded(bytes, start, end);
  }

  /** Reads a line that goes on with the line before, or is irregular in another way. */
  #oddLine(line: string): void {
    if (/^[ \t]/.test(line) && this.#last !== 'none') {
      this.#continued(trimBlanks(line));
      return;
    }
    const field = mendFieldLine(line);
    if (field === undefined) return;
    const bytes = Buffer.from(`${field.name}:${field.value}`, 'latin1');
    this.#line(bytes, 0, field.name.length, bytes.length);
  }

  /** Takes a folded line (RFC 9112 §5.2): a space, and more of the value. */
  #continued(text: string): void {
    if (this.#last === 'length') {
      const before = this.#lengths.at(-1) ?? String(this.contentLength);
      if (this.#lengths.length === 0) this.contentLength = -1;
      this.#lengths = [...this.#lengths.slice(0, -1), trimBlanks(`${before} ${text}`)];
    } else if (this.#last === 'coding') this.#codings += ` ${text}`;
    else if (this.#last === 'connection') this.#onConnection(Buffer.from(text, 'latin1'), 0, text.length);
  }

  #onLength(bytes: Buffer, from: number, to: number): void {
    this.#last = 'length';
    const length = parseLength(bytes, from, to);
    if (length >= 0 && this.contentLength < 0 && this.#lengths.length === 0) this.contentLength = length;
    else this.#lengths = [...this.#lengths, bytes.toString('latin1', from, to)];
  }

  #onCoding(bytes: Buffer, from: number, to: number): void {
    this.#last = 'coding';
    const codings = isWord(bytes, from, to, CHUNKED) ? 'chunked' : bytes.toString('latin1', from, to);
    this.#codings = this.#codings === '' ? codings : `${this.#codings},${codings}`;
  }

  #onConnection(bytes: Buffer, from: number, to: number): void {
    this.#last = 'connection';
    if (isWord(bytes, from, to, KEEP_ALIVE)) this.#isKeeping = true;
    else if (isWord(bytes, from, to, CLOSE)) this.#isClosing = true;
    else {
      for (const token of tokens(bytes.toString('latin1', from, to))) {
        if (token === 'close') this.#isClosing = true;
        if (token === 'keep-alive') this.#isKeeping = true;
      }
    }
  }

  /** Reads a Keep-Alive header; a server says the same all day, so the last one is remembered. */
  #onKeepAlive(text: string): void {
    if (text !== this.#keepAliveText) {
      this.#keepAliveText = text;
      const timeout = /(?:^|[,;\s])timeout\s*=\s*"?(\d{1,9})/i.exec(text)?.[1];
      const max = /(?:^|[,;\s])max\s*=\s*"?(\d{1,9})/i.exec(text)?.[1];
      this.#keepAliveSeen = { timeoutMs: timeout === undefined ? -1 : Number(timeout) * 1000, max: -1 };
      if (max !== undefined) this.#keepAliveSeen.max = Number(max);
    }
    this.keepAliveMs = this.#keepAliveSeen.timeoutMs;
    this.requestsLeft = this.#keepAliveSeen.max;
  }
}

/** As `isWord` looks at the bytes it compares: `_` is another byte then. */
function withBit(byte: number): number {
  return byte | 0x20;
}

function startsWithHttp1(bytes: Uint8Array, from: number, length: number): boolean {
  for (let at = 0; at < length; at += 1) {
    if (bytes[from + at] !== HTTP_1[at]) return false;
  }
  return true;
}

function tokens(text: string): string[] {
  return text.split(',').map((token) => trimBlanks(token).toLowerCase());
}

/** Finds the last coding; '' for none. `identity`, an old word for none, says nothing. */
function lastCoding(codings: string): string {
  if (codings === '' || codings === 'chunked') return codings;
  return tokens(codings).findLast((coding) => coding !== '' && coding !== 'identity') ?? '';
}

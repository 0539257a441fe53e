import {
  endOfName,
  isFieldValue,
  isWord,
  parseLength,
  skipSpace,
  trimSpace,
  wordBytes,
} from './response-fields.ts';

/** How the body behind a head ends (RFC 9112 §6.3). */
export type Framing = 'length' | 'chunked' | 'until-close';

const HTTP_1 = Uint8Array.from('HTTP/1.', (char) => char.charCodeAt(0));
const CONTENT_LENGTH = wordBytes('content-length');
const TRANSFER_ENCODING = wordBytes('transfer-encoding');
const CONNECTION = wordBytes('connection');
const KEEP_ALIVE = wordBytes('keep-alive');
const CHUNKED = wordBytes('chunked');
const CLOSE = wordBytes('close');

/**
 * What one answer's status line and headers say about where it ends and whether the connection lives on. Fed line
 * by line, without CRLF; each method returns '' or what is wrong with the line. Nothing else of the head is kept.
 */
export class ResponseHead {
  status = 0;
  /** -1: none was given. */
  contentLength = -1;
  framing: Framing = 'until-close';
  /** The server does not say that it will close the connection. */
  keepsAlive = false;
  /** From a Keep-Alive header, in ms; -1: none was given. */
  keepAliveMs = -1;
  /** How many more requests the server takes on this connection; -1: it does not say. */
  requestsLeft = -1;
  #minor = 1;
  #codings = '';
  #isClosing = false;
  #isKeeping = false;
  #keepAliveText = '';
  #keepAliveSeen = { timeoutMs: -1, max: -1 };

  /** Could these bytes be the beginning of a status line? */
  static isBeginning(bytes: Uint8Array, length: number): boolean {
    return startsWithHttp1(bytes, 0, Math.min(length, HTTP_1.length));
  }

  statusLine(bytes: Uint8Array, from: number, to: number): string {
    this.#forget();
    const minor = (bytes[from + 7] as number) - 0x30;
    const status = to - from < 12 ? -1 : parseLength(bytes, from + 9, from + 12);
    const isLine =
      startsWithHttp1(bytes, from, HTTP_1.length) &&
      (minor === 0 || minor === 1) &&
      bytes[from + 8] === 0x20 &&
      status >= 100 &&
      (to - from === 12 || bytes[from + 12] === 0x20) &&
      isFieldValue(bytes, from + 12, to);
    if (!isLine) return 'no status line of HTTP/1';
    this.#minor = minor;
    this.status = status;
    return '';
  }

  fieldLine(bytes: Buffer, from: number, to: number): string {
    const colon = endOfName(bytes, from, to);
    if (colon < 0) return 'a header line without a proper name';
    if (!isFieldValue(bytes, colon + 1, to)) return 'a control character in a header';
    const length = colon - from;
    // The four fields that matter have these lengths.
    if (length !== 10 && length !== 14 && length !== 17) return '';
    const start = skipSpace(bytes, colon + 1, to);
    const end = trimSpace(bytes, start, to);
    if (isWord(bytes, from, colon, CONTENT_LENGTH)) return this.#onLength(bytes, start, end);
    if (isWord(bytes, from, colon, CONNECTION)) this.#onConnection(bytes, start, end);
    else if (isWord(bytes, from, colon, KEEP_ALIVE)) this.#onKeepAlive(bytes.toString('latin1', start, end));
    else if (isWord(bytes, from, colon, TRANSFER_ENCODING)) return this.#onCoding(bytes, start, end);
    return '';
  }

  /** All lines are there: decides. */
  end(): string {
    this.keepsAlive = !this.#isClosing && (this.#minor === 1 || this.#isKeeping);
    if (this.#codings === '') {
      this.framing = this.contentLength >= 0 ? 'length' : 'until-close';
      return '';
    }
    if (this.contentLength >= 0) return 'both Content-Length and Transfer-Encoding';
    if (this.#minor === 0) return 'Transfer-Encoding in HTTP/1.0';
    const codings = this.#codings.split(',');
    const chunkedAt = codings.indexOf('chunked');
    if (chunkedAt >= 0 && chunkedAt < codings.length - 1) return 'a coding after chunked';
    this.framing = chunkedAt >= 0 ? 'chunked' : 'until-close';
    return '';
  }

  #forget(): void {
    this.status = 0;
    this.contentLength = -1;
    this.keepAliveMs = -1;
    this.requestsLeft = -1;
    this.#codings = '';
    this.#isClosing = false;
    this.#isKeeping = false;
  }

  #onLength(bytes: Uint8Array, from: number, to: number): string {
    if (this.contentLength >= 0) return 'more than one Content-Length';
    this.contentLength = parseLength(bytes, from, to);
    return this.contentLength < 0 ? 'a Content-Length that is no length' : '';
  }

  #onCoding(bytes: Buffer, from: number, to: number): string {
    if (from === to) return 'an empty Transfer-Encoding';
    const isChunked = isWord(bytes, from, to, CHUNKED);
    const codings = isChunked ? 'chunked' : tokens(bytes.toString('latin1', from, to)).join(',');
    this.#codings = this.#codings === '' ? codings : `${this.#codings},${codings}`;
    return '';
  }

  #onConnection(bytes: Buffer, from: number, to: number): void {
    if (isWord(bytes, from, to, KEEP_ALIVE)) this.#isKeeping = true;
    else if (isWord(bytes, from, to, CLOSE)) this.#isClosing = true;
    else {
      for (const token of tokens(bytes.toString('latin1', from, to))) {
        if (token === 'close') this.#isClosing = true;
        if (token === 'keep-alive') this.#isKeeping = true;
      }
    }
  }

  /** A server says the same all day, so the last one is remembered. */
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

function startsWithHttp1(bytes: Uint8Array, from: number, length: number): boolean {
  for (let at = 0; at < length; at += 1) {
    if (bytes[from + at] !== HTTP_1[at]) return false;
  }
  return true;
}

function tokens(text: string): string[] {
  return text.split(',').map((token) => token.trim().toLowerCase());
}

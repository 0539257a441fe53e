import { malformed } from './malformed.ts';
import { PieceJoiner } from './piece-joiner.ts';

/** Longest chunk line, extensions included, and longest trailer section, in bytes. */
const MAX_LINE_BYTES = 16 * 1024;
const MAX_TRAILER_BYTES = 64 * 1024;
/**
 * So many characters of a line that comes in pieces are looked at; behind them is nothing but an extension, or a
 * trailer's value.
 */
const MAX_KEPT_CHARS = 256;
// biome-ignore lint/suspicious/noControlCharactersInRegex: a chunk extension has no control characters
const CHUNK_LINE = /^([0-9A-Fa-f]{1,13})[ \t]*(?:;[^\0-\x08\x0a-\x1f\x7f]*)?$/;
/** Lines that are irregular and have one reading all the same: spaces, zeros in front, an extension that is none. */
const IRREGULAR_LINE = /^[ \t]*0*([0-9A-Fa-f]{1,13})[ \t\r]*(?:;.*)?$/s;
const CR = 0x0d;
const LF = 0x0a;
/** Digits that are read without a string. */
const MAX_PLAIN_DIGITS = 8;

type State = 'size' | 'data' | 'data-end' | 'trailer' | 'done';

/**
 * Decodes the chunked coding (RFC 9112 §7.1) piece by piece; extensions and trailers are skipped. A line may end without
 * CR; in a request not behind an extension, for to some servers the extension goes on there.
 */
export class ChunkedDecoder {
  readonly #body: PieceJoiner;
  readonly #isRequest: boolean;
  #state: State = 'size';
  /** A line that has begun: its beginning, without its last byte; how long it is, and its last byte. */
  #line = '';
  #lineBytes = 0;
  #lastByte = 0;
  #leftInChunk = 0;
  #trailerBytes = 0;

  /** `onBody` gets the bytes of the body as views, small ones together. */
  constructor(onBody: (view: Buffer) => void, isRequest: boolean) {
    this.#body = new PieceJoiner(onBody);
    this.#isRequest = isRequest;
  }

  /** The last chunk and the trailers have been read. */
  get done(): boolean {
    return this.#state === 'done';
  }

  /** Reads from `at` on and returns where it stopped. */
  push(chunk: Buffer, from: number): number {
    try {
      return this.#read(chunk, from);
    } finally {
      this.#body.flush();
    }
  }

  #read(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && this.#state !== 'done') {
      if (this.#state === 'data') at = this.#readData(chunk, at);
      else {
        const next = this.#lineBytes === 0 ? this.#readPlain(chunk, at) : at;
        at = next > at ? next : this.#readLine(chunk, at);
      }
    }
    return at;
  }

  #readData(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#leftInChunk);
    this.#leftInChunk -= end - at;
    if (this.#leftInChunk === 0) this.#state = 'data-end';
    this.#body.add(chunk, at, end);
    return end;
  }

  /** The usual lines, whole in the chunk, without a string for each: an end of data, a size of a few digits. Else `at`. */
  #readPlain(chunk: Buffer, from: number): number {
    let at = from;
    let size = 0;
    if (this.#state === 'size') {
      for (let digit = digitOf(chunk[at]); digit >= 0; digit = digitOf(chunk[at])) {
        size = size * 16 + digit;
        at++;
      }
      if (at === from || at - from > MAX_PLAIN_DIGITS) return from;
    } else if (this.#state !== 'data-end') return from;
    if (chunk[at] !== CR || chunk[at + 1] !== LF) return from;
    if (this.#state === 'size') this.#openChunk(size);
    else this.#state = 'size';
    return at + 2;
  }

  #readLine(chunk: Buffer, at: number): number {
    const lineFeed = chunk.indexOf(LF, at);
    const end = lineFeed < 0 ? chunk.length : lineFeed + 1;
    this.#lineBytes += end - at;
    if (this.#lineBytes > MAX_LINE_BYTES) throw malformed('HTTP/1.1', 'a chunk line too long');
    if (lineFeed >= 0) this.#endLine(chunk, at, lineFeed);
    else this.#keepLine(chunk, at, end);
    return end;
  }

  #keepLine(chunk: Buffer, at: number, end: number): void {
    const last = this.#lineBytes === end - at ? '' : String.fromCharCode(this.#lastByte);
    const line = this.#line + last + chunk.toString('latin1', at, end - 1);
    this.#lastByte = chunk[end - 1] as number;
    // Flat: a string that grows letter by letter is an object a letter. And not longer than needed.
    this.#line = Buffer.from(shortened(line), 'latin1').toString('latin1');
  }

  #endLine(chunk: Buffer, at: number, lineFeed: number): void {
    const isBegun = this.#lineBytes > lineFeed + 1 - at;
    const last = isBegun ? String.fromCharCode(this.#lastByte) : '';
    const line = this.#line + last + chunk.toString('latin1', at, lineFeed + 1);
    this.#line = '';
    const lineBytes = this.#lineBytes;
    this.#lineBytes = 0;
    const isRegular = line.endsWith('\r\n');
    if (!isRegular && this.#isRequest && this.#state === 'size' && line.includes(';')) {
      throw malformed('HTTP/1.1', 'a chunk extension without CRLF');
    }
    this.#onLine(line.slice(0, isRegular ? -2 : -1), lineBytes);
  }

  #onLine(line: string, lineBytes: number): void {
    if (this.#state === 'size') this.#onSize(line);
    else if (this.#state === 'data-end') {
      if (line !== '') throw malformed('HTTP/1.1', 'a chunk longer than it said');
      this.#state = 'size';
    } else if (line === '') this.#state = 'done';
    else {
      this.#trailerBytes += lineBytes;
      if (this.#trailerBytes > MAX_TRAILER_BYTES) throw malformed('HTTP/1.1', 'trailers too long');
    }
  }

  #onSize(line: string): void {
    const digits = (CHUNK_LINE.exec(line) ?? IRREGULAR_LINE.exec(line))?.[1];
    if (digits === undefined) throw malformed('HTTP/1.1', 'a chunk without a size');
    this.#openChunk(Number.parseInt(digits, 16));
  }

  #openChunk(sizeBytes: number): void {
    this.#leftInChunk = sizeBytes;
    this.#state = sizeBytes === 0 ? 'trailer' : 'data';
  }
}

/** What a line that is going on says, in few characters: zeros in front of a size, and runs of spaces, go first. */
function shortened(line: string): string {
  if (line.length <= MAX_KEPT_CHARS) return line;
  const plain = line.replace(/^[ \t]*0*/, (front) => (front.endsWith('0') ? '0' : ''));
  return plain.replace(/([ \t\r])[ \t\r]+/g, '$1').slice(0, MAX_KEPT_CHARS);
}

/** The value of a hexadecimal digit; -1 for what is none, and behind the end. */
function digitOf(byte: number | undefined): number {
  if (byte === undefined || byte < 0x30) return -1;
  if (byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

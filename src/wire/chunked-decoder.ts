import { malformed } from './malformed.ts';

/** Longest chunk line, extensions included, and longest trailer section, in bytes. */
const MAX_LINE_BYTES = 16 * 1024;
const MAX_TRAILER_BYTES = 64 * 1024;
// biome-ignore lint/suspicious/noControlCharactersInRegex: a chunk extension has no control characters
const CHUNK_LINE = /^([0-9A-Fa-f]{1,13})[ \t]*(?:;[^\0-\x08\x0a-\x1f\x7f]*)?$/;
/** What has one reading all the same: spaces, zeros in front, an extension that is none. */
const IRREGULAR_LINE = /^[ \t]*0*([0-9A-Fa-f]{1,13})[ \t\r]*(?:;.*)?$/s;

type State = 'size' | 'data' | 'data-end' | 'trailer' | 'done';

/**
 * Decodes the chunked coding (RFC 9112 §7.1) piece by piece; extensions and trailers are skipped. A line may end without
 * CR; in a request not behind an extension, for to some servers the extension goes on there.
 */
export class ChunkedDecoder {
  readonly #isRequest: boolean;
  #state: State = 'size';
  #line = '';
  #leftInChunk = 0;
  #trailerBytes = 0;

  constructor(isRequest: boolean) {
    this.#isRequest = isRequest;
  }

  /** The last chunk and the trailers have been read. */
  get done(): boolean {
    return this.#state === 'done';
  }

  /** Reads from `at` on, hands body bytes to `onBody` as views, and returns where it stopped. */
  push(chunk: Buffer, from: number, onBody: (view: Buffer) => void): number {
    let at = from;
    while (at < chunk.length && this.#state !== 'done') {
      if (this.#state !== 'data') {
        at = this.#readLine(chunk, at);
        continue;
      }
      const end = Math.min(chunk.length, at + this.#leftInChunk);
      this.#leftInChunk -= end - at;
      if (this.#leftInChunk === 0) this.#state = 'data-end';
      onBody(chunk.subarray(at, end));
      at = end;
    }
    return at;
  }

  #readLine(chunk: Buffer, at: number): number {
    const lineFeed = chunk.indexOf(0x0a, at);
    const end = lineFeed < 0 ? chunk.length : lineFeed + 1;
    if (this.#line.length + end - at > MAX_LINE_BYTES) throw malformed('HTTP/1.1', 'a chunk line too long');
    this.#line += chunk.toString('latin1', at, end);
    if (lineFeed >= 0) {
      const line = this.#line;
      this.#line = '';
      const isRegular = line.endsWith('\r\n');
      if (!isRegular && this.#isRequest && this.#state === 'size' && line.includes(';')) {
        throw malformed('HTTP/1.1', 'a chunk extension without CRLF');
      }
      this.#onLine(line.slice(0, isRegular ? -2 : -1));
    }
    return end;
  }

  #onLine(line: string): void {
    if (this.#state === 'size') this.#onSize(line);
    else if (this.#state === 'data-end') {
      if (line !== '') throw malformed('HTTP/1.1', 'a chunk longer than it said');
      this.#state = 'size';
    } else if (line === '') this.#state = 'done';
    else {
      this.#trailerBytes += line.length;
      if (this.#trailerBytes > MAX_TRAILER_BYTES) throw malformed('HTTP/1.1', 'trailers too long');
    }
  }

  #onSize(line: string): void {
    const digits = (CHUNK_LINE.exec(line) ?? IRREGULAR_LINE.exec(line))?.[1];
    if (digits === undefined) throw malformed('HTTP/1.1', 'a chunk without a size');
    this.#leftInChunk = Number.parseInt(digits, 16);
    this.#state = this.#leftInChunk === 0 ? 'trailer' : 'data';
  }
}

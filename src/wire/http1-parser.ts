import { ChunkedDecoder } from './chunked-decoder.ts';
import {
  cachedHttp1Fields,
  type Http1Fields,
  type RequestHead,
  type ResponseHead,
  requestHead,
  responseHead,
} from './http1-head.ts';
import { malformed } from './malformed.ts';

/** Longest head (start line and headers) read, in bytes. Engram takes request lines of about 64 KiB. */
export const MAX_HEAD_BYTES = 256 * 1024;

/** How the body of the message is framed: as its headers say, or not at all (an answer to HEAD). */
export type BodyRule = 'as-framed' | 'none';

/** What a parser tells, in the order of the bytes. Bodies come as views of what was pushed. */
export interface Http1Handler<Head> {
  /** The first byte of a message is here. */
  onStart(): void;
  onHead(head: Head): BodyRule;
  onBody(view: Buffer): void;
  onEnd(): void;
}

/** `cut`: the stream ended inside a message. */
export type Http1Finish = 'clean' | 'cut';

type Framing = 'none' | 'chunked' | 'until-close' | number;

type State = 'between' | 'head' | 'length' | 'chunked' | 'until-close';

const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * An incremental parser of HTTP/1.0 and 1.1 messages (RFC 9112): bytes in, callbacks out, no socket.
 * It throws (see `malformed`) at the first byte that two servers could read in two ways, and is of no use after.
 */
export class Http1Parser<Head> {
  readonly #handler: Http1Handler<Head>;
  readonly #parseHead: (line: string, fields: Http1Fields) => Head;
  readonly #framingOf: (head: Head) => Framing;
  #state: State = 'between';
  #paused = false;
  #carry = Buffer.alloc(0);
  #carried = 0;
  #leftBytes = 0;
  #chunked = new ChunkedDecoder();
  readonly #onBody = (view: Buffer): void => this.#handler.onBody(view);

  constructor(
    handler: Http1Handler<Head>,
    parseHead: (line: string, fields: Http1Fields) => Head,
    framingOf: (head: Head) => Framing,
  ) {
    this.#handler = handler;
    this.#parseHead = parseHead;
    this.#framingOf = framingOf;
  }

  /** Reads on; returns how many bytes were taken: all, unless `pause` was called from a callback. */
  push(chunk: Buffer): number {
    this.#paused = false;
    let at = 0;
    while (at < chunk.length && !this.#paused) at = this.#step(chunk, at);
    return at;
  }

  /** Stops reading behind the message that is being reported. */
  pause(): void {
    this.#paused = true;
  }

  /** The stream has ended: completes a body that lasts until then. */
  finish(): Http1Finish {
    if (this.#state === 'until-close') {
      this.#end();
      return 'clean';
    }
    return this.#state === 'between' ? 'clean' : 'cut';
  }

  #step(chunk: Buffer, at: number): number {
    switch (this.#state) {
      case 'between':
        return this.#begin(chunk, at);
      case 'head':
        return this.#readHead(chunk, at);
      case 'length':
        return this.#readLength(chunk, at);
      case 'chunked': {
        const next = this.#chunked.push(chunk, at, this.#onBody);
        if (this.#chunked.done) this.#end();
        return next;
      }
      case 'until-close':
        this.#handler.onBody(at === 0 ? chunk : chunk.subarray(at));
        return chunk.length;
    }
  }

  /** Empty lines between messages are skipped (RFC 9112 §2.2). */
  #begin(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && (chunk[at] === 0x0d || chunk[at] === 0x0a)) at++;
    if (at === chunk.length) return at;
    this.#state = 'head';
    this.#carried = 0;
    this.#handler.onStart();
    return at;
  }

  #readHead(chunk: Buffer, at: number): number {
    if (this.#carried === 0) {
      const end = chunk.indexOf(HEAD_END, at);
      if (end >= 0) {
        if (end - at > MAX_HEAD_BYTES) throw malformed('HTTP/1.1', 'a head too long');
        this.#onHead(chunk.toString('latin1', at, end + 2));
        return end + 4;
      }
    }
    const before = this.#carried;
    this.#keep(chunk, at);
    const kept = this.#carry.subarray(0, this.#carried);
    const end = kept.indexOf(HEAD_END, Math.max(0, before - 3));
    if (end < 0) {
      if (this.#carried > MAX_HEAD_BYTES) throw malformed('HTTP/1.1', 'a head too long');
      return chunk.length;
    }
    const text = kept.toString('latin1', 0, end + 2);
    this.#carry = Buffer.alloc(0);
    this.#carried = 0;
    this.#onHead(text);
    return at + (end + 4 - before);
  }

  #keep(chunk: Buffer, at: number): void {
    const length = Math.min(chunk.length - at, MAX_HEAD_BYTES + 4 - this.#carried + 1);
    if (this.#carried + length > this.#carry.length) {
      const grown = Buffer.alloc(Math.max(1024, 2 * (this.#carried + length)));
      this.#carry.copy(grown, 0, 0, this.#carried);
      this.#carry = grown;
    }
    chunk.copy(this.#carry, this.#carried, at, at + length);
    this.#carried += length;
  }

  #onHead(text: string): void {
    const lineEnd = text.indexOf('\r\n');
    const head = this.#parseHead(text.slice(0, lineEnd), cachedHttp1Fields(text.slice(lineEnd + 2)));
    const framing = this.#framingOf(head);
    const rule = this.#handler.onHead(head);
    if (rule === 'none' || framing === 'none' || framing === 0) this.#end();
    else if (framing === 'chunked') {
      this.#chunked = new ChunkedDecoder();
      this.#state = 'chunked';
    } else if (framing === 'until-close') this.#state = 'until-close';
    else {
      this.#leftBytes = framing;
      this.#state = 'length';
    }
  }

  #readLength(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#leftBytes);
    this.#leftBytes -= end - at;
    this.#handler.onBody(chunk.subarray(at, end));
    if (this.#leftBytes === 0) this.#end();
    return end;
  }

  #end(): void {
    this.#state = 'between';
    this.#handler.onEnd();
  }
}

function requestFraming(head: RequestHead): Framing {
  if (head.fields.transferCoding !== undefined) return 'chunked';
  return head.fields.contentLength ?? 'none';
}

/** RFC 9112 §6.3, but for what only the request tells: answers to HEAD, which the handler names. */
function responseFraming({ status, fields }: ResponseHead): Framing {
  if (status < 200 || status === 204 || status === 304) return 'none';
  if (fields.transferCoding === 'chunked') return 'chunked';
  if (fields.transferCoding === 'other') return 'until-close';
  return fields.contentLength ?? 'until-close';
}

/** A parser of what a client sends. */
export function createRequestParser(handler: Http1Handler<RequestHead>): Http1Parser<RequestHead> {
  return new Http1Parser(handler, requestHead, requestFraming);
}

/** A parser of what a server sends; informational answers (1xx) are messages of their own. */
export function createResponseParser(handler: Http1Handler<ResponseHead>): Http1Parser<ResponseHead> {
  return new Http1Parser(handler, responseHead, responseFraming);
}

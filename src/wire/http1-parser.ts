import { type ByteRoom, ENDLESS_ROOM, outOfRoom } from './byte-room.ts';
import { ChunkedDecoder } from './chunked-decoder.ts';
import {
  cachedHttp1Fields,
  type Http1Fields,
  type Http1RequestHead,
  type Http1ResponseHead,
  requestHead,
  responseHead,
} from './http1-head.ts';
import { malformed } from './malformed.ts';
import { type MendLine, mendHead, mendRequestLine, mendStatusLine } from './mend-head.ts';

/** Longest head (start line and headers) read, in bytes. Engram takes request lines of about 64 KiB. */
export const MAX_HEAD_BYTES = 256 * 1024;

/** How the body of the message is framed: as its headers say, or not at all (an answer to HEAD). */
export type BodyRule = 'as-framed' | 'none';

/** Hears what a parser reads, in the order of the bytes. Bodies come as views of what was pushed. */
export interface Http1Handler<Head> {
  /** The first byte of a message is here. */
  onStart(): void;
  onHead(head: Head): BodyRule;
  onBody(view: Buffer): void;
  onEnd(): void;
}

/** How a stream ended. `cut`: inside a message. */
export type Http1Finish = 'clean' | 'cut';

type BodyEnd = 'none' | 'chunked' | 'until-close' | 'doubtful' | number;

/** What a parser of requests and one of answers do in different ways. */
interface Kind<Head> {
  /** The strict reading; undefined for what is irregular. */
  readonly parseHead: (line: string, fields: Http1Fields) => Head | undefined;
  readonly mendLine: MendLine;
  readonly framingOf: (head: Head) => BodyEnd;
  /** The fault of a message whose framing is doubtful. */
  readonly faultOf: (head: Head) => string;
  readonly isRequest: boolean;
}

type State = 'between' | 'head' | 'length' | 'chunked' | 'until-close';

const NOTHING: Buffer = Buffer.alloc(0);
const MIN_CARRY_BYTES = 1024;
/** A head that is too long is refused as soon as so much of it is there. */
const MAX_CARRY_BYTES = MAX_HEAD_BYTES + 5;
const HEAD_END = Buffer.from('\r\n\r\n');
const CR = 0x0d;
const LF = 0x0a;

/**
 * An incremental parser of HTTP/1.0 and 1.1 messages (RFC 9112): bytes in, callbacks out, no socket. Regular heads are
 * read strictly, the others once more as most peers read them (`mendHead`). It throws (see `malformed`) where two peers
 * could see two different ends of a message, behind `onHead` if it is an answer, and is of no use after.
 */
export class Http1Parser<Head> {
  readonly #handler: Http1Handler<Head>;
  readonly #kind: Kind<Head>;
  #state: State = 'between';
  #paused = false;
  readonly #room: ByteRoom;
  #carry = NOTHING;
  #carried = 0;
  #leftBytes = 0;
  /** The message before had no body, or none that counts: some servers send one all the same. */
  #mayStray = false;
  #chunked: ChunkedDecoder | undefined;
  readonly #onBody = (view: Buffer): void => this.#handler.onBody(view);

  constructor(handler: Http1Handler<Head>, kind: Kind<Head>, room: ByteRoom) {
    this.#handler = handler;
    this.#room = room;
    this.#kind = kind;
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

  /** A message was begun and has not ended. */
  get isInside(): boolean {
    return this.#state !== 'between';
  }

  /** The stream has ended: completes a body that lasts until then. */
  finish(): Http1Finish {
    if (this.#state === 'until-close') {
      this.#end();
      return 'clean';
    }
    return this.#state === 'between' ? 'clean' : 'cut';
  }

  /** Lets go of what it holds; it is of no use after. */
  release(): void {
    this.#room.shrink(this.#carry.length);
    this.#carry = NOTHING;
    this.#carried = 0;
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
        const chunked = this.#chunked as ChunkedDecoder;
        const next = chunked.push(chunk, at);
        if (chunked.done) this.#end();
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
      const isShort = end >= 0 && end - at <= MAX_HEAD_BYTES;
      const head = isShort ? this.#strictly(chunk.toString('latin1', at, end + 2)) : undefined;
      if (head !== undefined) {
        this.#onHead(head);
        return end + 4;
      }
    }
    const before = this.#carried;
    this.#keep(chunk, at);
    const end = headEnd(this.#carry.subarray(0, this.#carried), Math.max(0, before - 2));
    if (end < 0) {
      if (this.#carried > MAX_HEAD_BYTES) throw malformed('HTTP/1.1', 'a head too long');
      return chunk.length;
    }
    const text = this.#carry.toString('latin1', 0, end);
    this.release();
    const head = this.#strictly(text.slice(0, -2)) ?? this.#mended(text);
    if (head === undefined) this.#state = 'between';
    else this.#onHead(head);
    return at + (end - before);
  }

  /** `text`: start line and headers, each with its CRLF. Undefined for what is irregular in any way. */
  #strictly(text: string): Head | undefined {
    const lineEnd = text.indexOf('\r\n');
    const fields = cachedHttp1Fields(text.slice(lineEnd + 2));
    return fields && this.#kind.parseHead(text.slice(0, lineEnd), fields);
  }

  /** Undefined for bytes that belong to nothing. */
  #mended(text: string): Head | undefined {
    const mended = mendHead(text, this.#kind.mendLine, this.#mayStray);
    if (mended === undefined) return undefined;
    const head = this.#kind.parseHead(mended.line, mended.fields);
    if (head === undefined) throw malformed('HTTP/1.1', 'no start line');
    return head;
  }

  #keep(chunk: Buffer, at: number): void {
    const length = Math.min(chunk.length - at, MAX_CARRY_BYTES - this.#carried);
    if (this.#carried + length > this.#carry.length) this.#growCarry(this.#carried + length);
    chunk.copy(this.#carry, this.#carried, at, at + length);
    this.#carried += length;
  }

  #growCarry(neededBytes: number): void {
    const size = Math.min(MAX_CARRY_BYTES, Math.max(MIN_CARRY_BYTES, 2 * neededBytes));
    if (!this.#room.grow(this.#carry.length, size)) throw outOfRoom('a head');
    const grown = Buffer.allocUnsafeSlow(size);
    this.#carry.copy(grown, 0, 0, this.#carried);
    this.#carry = grown;
  }

  #onHead(head: Head): void {
    const framing = this.#kind.framingOf(head);
    const rule = this.#handler.onHead(head);
    this.#mayStray = !this.#kind.isRequest && (rule === 'none' || framing === 'none');
    if (rule === 'none' || framing === 'none' || framing === 0) this.#end();
    else if (framing === 'doubtful') throw malformed('HTTP/1.1', this.#kind.faultOf(head));
    else if (framing === 'chunked') {
      this.#chunked = new ChunkedDecoder(this.#onBody, this.#kind.isRequest);
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

/** Finds where a head ends, behind its first empty line; -1 while there is none. It does not look before `from`. */
function headEnd(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(LF, from); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 2;
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3;
  }
  return -1;
}

function requestFraming(head: Http1RequestHead): BodyEnd {
  if (head.fields.transferCoding !== undefined) return 'chunked';
  return head.fields.contentLength ?? 'none';
}

/** RFC 9112 §6.3, but for what only the request tells: answers to HEAD, which the handler names. */
function responseFraming({ status, fields }: Http1ResponseHead): BodyEnd {
  if (status < 200 || status === 204 || status === 304) return 'none';
  if (fields.answerFault !== '') return 'doubtful';
  if (fields.transferCoding === 'chunked') return 'chunked';
  if (fields.transferCoding === 'other') return 'until-close';
  return fields.contentLength ?? 'until-close';
}

const REQUEST: Kind<Http1RequestHead> = {
  parseHead: requestHead,
  mendLine: mendRequestLine,
  framingOf: requestFraming,
  faultOf: ({ fields }) => fields.requestFault,
  isRequest: true,
};

const RESPONSE: Kind<Http1ResponseHead> = {
  parseHead: responseHead,
  mendLine: mendStatusLine,
  framingOf: responseFraming,
  faultOf: ({ fields }) => fields.answerFault,
  isRequest: false,
};

/** Makes a parser of what a client sends. */
export function createRequestParser(
  handler: Http1Handler<Http1RequestHead>,
  room: ByteRoom = ENDLESS_ROOM,
): Http1Parser<Http1RequestHead> {
  return new Http1Parser(handler, REQUEST, room);
}

/** A parser of what a server sends; informational answers (1xx) are messages of their own. */
export function createResponseParser(
  handler: Http1Handler<Http1ResponseHead>,
  room: ByteRoom = ENDLESS_ROOM,
): Http1Parser<Http1ResponseHead> {
  return new Http1Parser(handler, RESPONSE, room);
}

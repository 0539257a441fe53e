import { EngramTraceError } from '../../error.ts';
import { REQUEST_INCOMPLETE } from '../../trace/record/incomplete.ts';
import type { HeaderList } from '../../trace/record/record.ts';
import { outOfRoom } from '../../wire/byte-room.ts';
import type { Http1RequestHead, Http1ResponseHead } from '../../wire/http1-head.ts';
import {
  type BodyRule,
  createRequestParser,
  createResponseParser,
  type Http1Handler,
  type Http1Parser,
} from '../../wire/http1-parser.ts';
import { malformed } from '../../wire/malformed.ts';
import { HeldBytes } from '../memory/held-bytes.ts';
import { headersCost } from '../memory/record-cost.ts';
import { h2cSettings, isH2cGranted } from './h2c-upgrade.ts';
import { Http2Tap } from './http2-tap.ts';
import type { ConnectionEnd, Tap, TapContext } from './tap.ts';
import { UnreadCount } from './unread-count.ts';
import { WatchedExchange } from './watched-exchange.ts';

/** Requests sent ahead of their answers that are followed on one connection. */
const MAX_PIPELINED = 1024;
/** Client bytes kept while it is open whether an upgrade will be granted. */
const MAX_HELD_BYTES = 256 * 1024;
/** What a request costs beyond its head and body: its objects, and its place in the queue. */
const EXCHANGE_BYTES = 640;

const REFUSED_UPLOAD = 'HTTP/1.1: what comes behind an upload that was refused before it began';

/** A request whose answer decides which protocol the connection speaks from there on. */
interface Switching {
  readonly exchange: WatchedExchange;
  readonly headers: HeaderList;
}

/** How much of a connection is read. `deaf`: the tap gave up; `opaque`: it speaks another protocol now. */
type Hearing = 'reading' | 'deaf' | 'opaque';

/**
 * Follows one HTTP/1 connection and matches answers with requests in their order. The two directions are framed each by
 * itself: where answers can't be read any further requests still are, and where requests can't, answers count them.
 * Trailers of a chunked request are not recorded. Behind an upgrade to HTTP/2 another tap goes on; behind another one,
 * or a CONNECT, that was granted it sees nothing more.
 */
export class Http1Tap implements Tap {
  readonly #context: TapContext;
  readonly #session: string;
  readonly #unread: UnreadCount;
  /** Whose answers are awaited, in order. */
  readonly #queue: WatchedExchange[] = [];
  /** Whose request is arriving; in the queue too once its head is there. */
  #arriving: WatchedExchange | undefined;
  /** Whose answer is arriving. */
  #answered: WatchedExchange | undefined;
  /** An upgrade or CONNECT awaiting its answer; client bytes behind it are held. */
  #switching: Switching | undefined;
  readonly #held: HeldBytes;
  #isInformational = false;
  /** The client waits for a 100 before it sends the body of the request that is arriving. */
  #isBodyAwaited = false;
  #nowNs = 0;
  #client: Hearing = 'reading';
  #server: Hearing = 'reading';
  /** The tap that reads on behind an upgrade to HTTP/2. */
  #http2: Http2Tap | undefined;

  readonly #requests: Http1Parser<Http1RequestHead>;
  readonly #responses: Http1Parser<Http1ResponseHead>;

  constructor(context: TapContext, session: string) {
    this.#context = context;
    this.#session = session;
    this.#unread = new UnreadCount(context);
    this.#held = new HeldBytes(context.budget, MAX_HELD_BYTES);
    this.#requests = createRequestParser(this.#requestHandler(), context.budget);
    this.#responses = createResponseParser(this.#responseHandler(), context.budget);
  }

  get idle(): boolean {
    if (this.#http2 !== undefined) return this.#arriving === undefined && this.#http2.idle;
    const isQuiet = this.#queue.length === 0 && this.#arriving === undefined;
    return isQuiet && this.#client === 'reading' && this.#server === 'reading';
  }

  fromClient(chunk: Buffer, atNs: number): void {
    if (this.#client === 'opaque') this.#http2?.fromClient(chunk, atNs);
    else if (this.#client === 'deaf') this.#unreadFromClient(chunk);
    else if (this.#switching?.exchange.requestDone) this.#hold(chunk, atNs);
    else this.#readRequests(chunk, atNs);
  }

  #unreadFromClient(chunk: Buffer): void {
    this.#unread.fromClient(chunk.length, this.#server === 'reading');
    this.#unread.gaveUp(REFUSED_UPLOAD); // unless it was told before why
  }

  #readRequests(chunk: Buffer, atNs: number): void {
    this.#nowNs = atNs;
    let taken = chunk.length;
    try {
      taken = this.#requests.push(chunk);
    } catch (thrown) {
      this.#giveUpClient(EngramTraceError.from(thrown));
      if (this.#server !== 'reading') this.#unread.fromClient(chunk.length, false);
    }
    if (taken < chunk.length) this.fromClient(chunk.subarray(taken), atNs);
  }

  fromServer(chunk: Buffer, atNs: number): void {
    if (this.#server !== 'reading') {
      this.#http2?.fromServer(chunk, atNs);
      return;
    }
    this.#nowNs = atNs;
    let taken = chunk.length;
    try {
      taken = this.#responses.push(chunk);
    } catch (thrown) {
      this.#giveUpServer(EngramTraceError.from(thrown));
    }
    if (taken < chunk.length) this.fromServer(chunk.subarray(taken), atNs);
  }

  serverEnded(atNs: number): void {
    if (this.#server !== 'reading') return;
    this.#nowNs = atNs;
    this.#responses.finish();
  }

  closed(end: ConnectionEnd, atNs: number): void {
    const arriving = this.#arriving;
    const isLoose = arriving !== undefined && arriving.method !== '' && !this.#queue.includes(arriving);
    this.#arriving = undefined;
    for (const exchange of this.#queue.splice(0)) {
      const isAborted = end === 'client_aborted' && !exchange.requestDone;
      exchange.finish(exchange.requestError || (isAborted ? REQUEST_INCOMPLETE : end), atNs);
    }
    if (this.#http2 !== undefined) this.#http2.closed(end, atNs);
    // Answered before all of the request was there, or not to be answered, and the rest never came.
    else if (isLoose) arriving.finish(REQUEST_INCOMPLETE, atNs);
    else if (arriving?.method === '') arriving.release();
    const isUnreadAnswered = arriving?.method === '' && this.#responses.isInside; // HTTP/0.9
    if (!this.#held.isEmpty || isUnreadAnswered) this.#unread.lost();
    this.#held.clear();
    this.#requests.release();
    this.#responses.release();
  }

  #requestHandler(): Http1Handler<Http1RequestHead> {
    return {
      onStart: () => this.#onRequestStart(),
      onHead: (head) => this.#onRequestHead(head),
      onBody: (view) => {
        this.#isBodyAwaited = false;
        this.#arriving?.addBody(view);
      },
      onEnd: () => this.#onRequestEnd(),
    };
  }

  #responseHandler(): Http1Handler<Http1ResponseHead> {
    return {
      onStart: () => {},
      onHead: (head) => this.#onResponseHead(head),
      onBody: (view) => this.#answered?.addResponse(view),
      onEnd: () => this.#onResponseEnd(),
    };
  }

  #onRequestStart(): void {
    if (this.#queue.length >= MAX_PIPELINED)
      throw malformed('HTTP/1.1', 'too many requests without an answer');
    if (!this.#context.budget.take('follow', EXCHANGE_BYTES)) throw outOfRoom('a request');
    this.#arriving = new WatchedExchange(this.#context, this.#session, this.#nowNs);
    this.#arriving.adopt(EXCHANGE_BYTES);
  }

  #onRequestHead(head: Http1RequestHead): BodyRule {
    const { method, fields } = head;
    const exchange = this.#arriving as WatchedExchange;
    this.#setHead(exchange, head);
    if (this.#server === 'reading') this.#queue.push(exchange);
    else exchange.answerError = 'not_followed';
    this.#isBodyAwaited = expectsContinue(fields.headers);
    const isSwitch = method === 'CONNECT' || fields.upgrade;
    if (isSwitch) this.#switching = { exchange, headers: fields.headers };
    return 'as-framed';
  }

  #setHead(exchange: WatchedExchange, { method, target, minorVersion, fields }: Http1RequestHead): void {
    const costBytes = 2 * target.length + headersCost(fields.headers);
    if (!this.#context.budget.take('flight', costBytes)) {
      exchange.lose(method);
      return;
    }
    exchange.adopt(costBytes);
    exchange.setHead(method, target, fields.headers, true);
    if (minorVersion === 0) exchange.httpVersion = '1.0';
  }

  #onRequestEnd(): void {
    const exchange = this.#arriving as WatchedExchange;
    this.#arriving = undefined;
    if (this.#http2 !== undefined) {
      this.#http2.upgradedRequestEnded(this.#nowNs);
      this.#becomeHttp2();
      return;
    }
    exchange.requestDone = true;
    if (exchange.answeredNs !== undefined) exchange.finish('', exchange.answeredNs);
    else if (exchange.answerError !== '') this.#finishUnanswered(exchange);
    if (this.#switching?.exchange === exchange) this.#requests.pause();
  }

  /** The answers are lost to us: nobody knows when this one ended, but for the one that could be seen to be broken. */
  #finishUnanswered(exchange: WatchedExchange): void {
    exchange.finish(exchange.answerError, exchange.answerError === 'bad_response' ? this.#nowNs : undefined);
    if (this.#switching?.exchange === exchange) this.#guessSwitch();
  }

  /**
   * Nobody knows whether this upgrade was granted, so what follows is tried as HTTP/1: the frames of a WebSocket are no
   * request. What goes through a tunnel may look like one and is none.
   */
  #guessSwitch(): void {
    if (this.#switching?.exchange.isTunnel) {
      this.#client = 'deaf';
      this.#requests.pause();
    }
    this.#releaseHeld();
  }

  #onResponseHead({ status, fields }: Http1ResponseHead): BodyRule {
    this.#isInformational = status < 200 && status !== 101;
    if (status === 100) this.#isBodyAwaited = false;
    if (this.#isInformational) return 'none';
    const exchange = this.#queue[0];
    this.#answered = exchange;
    if (exchange === undefined) {
      this.#onAnswerToNone(status);
      return 'as-framed';
    }
    exchange.status = status;
    if (exchange === this.#arriving && this.#isBodyAwaited && status !== 101) this.#giveUpUpload(exchange);
    const isTunnel = exchange.isTunnel && status < 300;
    if (status === 101 || isTunnel) this.#switch(exchange, status, fields.headers);
    return isTunnel || exchange.method === 'HEAD' ? 'none' : 'as-framed';
  }

  /**
   * Whether the body of an upload that was refused before it began comes all the same, or the next request, is known to
   * its client and server only. What comes is counted by its answers.
   */
  #giveUpUpload(exchange: WatchedExchange): void {
    this.#isBodyAwaited = false;
    exchange.requestError = REQUEST_INCOMPLETE;
    this.#arriving = undefined;
    this.#client = 'deaf';
    this.#requests.release();
  }

  /** To a request that could not be read, or to none at all: servers say 408 to idle connections before they close. */
  #onAnswerToNone(status: number): void {
    if (this.#arriving?.method === '') {
      this.#giveUpClient(malformed('HTTP/1.1', 'a request that was answered before its head was whole'));
    }
    if (this.#client !== 'deaf') return;
    this.#unread.answered();
    if (status === 101) this.#server = 'deaf';
  }

  #switch(exchange: WatchedExchange, status: number, headers: HeaderList): void {
    const asked = this.#switching?.exchange === exchange ? this.#switching.headers : [];
    this.#responses.pause();
    this.#server = 'opaque';
    if (status === 101 && isH2cGranted(asked, headers)) {
      this.#queue.shift();
      exchange.status = undefined; // its answer is yet to come
      this.#http2 = new Http2Tap(this.#context, this.#session, { exchange, settings: h2cSettings(asked) });
      if (!exchange.requestDone) return; // the rest of it comes as HTTP/1 yet
      this.#http2.upgradedRequestEnded(this.#nowNs);
      this.#becomeHttp2();
    } else {
      this.#client = 'opaque';
      this.#held.clear();
    }
  }

  #becomeHttp2(): void {
    this.#requests.pause();
    this.#client = 'opaque';
    this.#releaseHeld();
  }

  #onResponseEnd(): void {
    if (this.#isInformational || this.#http2 !== undefined) return;
    const exchange = this.#answered;
    this.#answered = undefined;
    if (exchange === undefined) return;
    this.#queue.shift();
    exchange.answeredNs = this.#nowNs;
    if (exchange.requestDone || exchange.requestError !== '')
      exchange.finish(exchange.requestError, this.#nowNs);
    if (this.#switching?.exchange === exchange) this.#releaseHeld();
  }

  #hold(chunk: Buffer, atNs: number): void {
    if (this.#held.add(chunk, atNs)) return;
    this.#held.clear();
    this.#giveUpClient(malformed('HTTP/1.1', 'too much behind an upgrade without an answer'));
  }

  /**
   * It is known what the client's bytes behind an upgrade are: HTTP/1 like before if it was refused. Read at once, for
   * the answer to them may be the very next byte.
   */
  #releaseHeld(): void {
    this.#switching = undefined;
    const nowNs = this.#nowNs;
    this.#held.drain((chunk, atNs) => this.fromClient(chunk, atNs));
    this.#nowNs = nowNs;
  }

  /**
   * Gives up the client's side. What was asked properly still gets its answer; the request that could not be read is
   * lost.
   */
  #giveUpClient(error: EngramTraceError): void {
    this.#client = 'deaf';
    this.#requests.release();
    const broken = this.#arriving;
    this.#arriving = undefined;
    if (broken?.method === '') broken.release();
    if (broken === undefined || broken.method === '') this.#unread.lost();
    else if (this.#queue.includes(broken)) broken.requestError = 'request_malformed';
    else broken.finish('request_malformed', this.#nowNs);
    this.#unread.gaveUp(error.message);
  }

  /** Requests are read on, and recorded without what came back. */
  #giveUpServer(error: EngramTraceError): void {
    this.#server = 'deaf';
    this.#responses.release();
    this.#unread.gaveUp(error.message);
    // Nobody knows where an answer that is none leaves off, nor what was asked before it.
    if (this.#queue.length === 0 && this.#arriving?.method === '') this.#giveUpClient(error);
    let answerError = 'bad_response';
    for (const exchange of this.#queue.splice(0)) {
      exchange.answerError = answerError;
      answerError = 'not_followed';
      if (exchange.requestError !== '') exchange.finish(exchange.requestError, this.#nowNs);
      else if (exchange.requestDone) this.#finishUnanswered(exchange);
    }
  }
}

/** Header lists are shared by many requests, and few say this. */
function expectsContinue(headers: HeaderList): boolean {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] as string;
    if (name.length === 6 && name.toLowerCase() === 'expect')
      return /100-continue/i.test(headers[i + 1] as string);
  }
  return false;
}

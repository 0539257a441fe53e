import { EngramTraceError } from '../trace/error.ts';
import type { RequestHead, ResponseHead } from '../wire/http1-head.ts';
import { type BodyRule, createRequestParser, createResponseParser } from '../wire/http1-parser.ts';
import { malformed } from '../wire/malformed.ts';
import { HttpExchange } from './http-exchange.ts';
import type { ConnectionEnd, Tap, TapContext } from './tap.ts';

/** Requests sent ahead of their answers that are followed on one connection. */
const MAX_PIPELINED = 1024;
/** Client bytes kept while it is open whether an upgrade will be granted. */
const MAX_HELD_BYTES = 256 * 1024;

interface Held {
  chunk: Buffer;
  atNs: number;
}

/**
 * Follows one HTTP/1 connection and matches answers with requests in their order. Trailers of a chunked request
 * are not recorded. Behind an upgrade or CONNECT that was granted it sees nothing more.
 */
export class Http1Tap implements Tap {
  readonly #context: TapContext;
  readonly #session: string;
  /** Whose answers are awaited, in order. */
  readonly #queue: HttpExchange[] = [];
  /** Whose request is arriving; in the queue too once its head is there. */
  #arriving: HttpExchange | undefined;
  /** An upgrade or CONNECT awaiting its answer; client bytes behind it are held. */
  #switching: HttpExchange | undefined;
  #held: Held[] = [];
  #heldBytes = 0;
  #isInformational = false;
  #nowNs = 0;
  /** `deaf`: gave up; `opaque`: the connection became something else. */
  #client: 'reading' | 'deaf' | 'opaque' = 'reading';
  #server: 'reading' | 'deaf' | 'opaque' = 'reading';
  #isLossCounted = false;

  readonly #requests = createRequestParser({
    onStart: () => this.#onRequestStart(),
    onHead: (head) => this.#onRequestHead(head),
    onBody: (view) => this.#arriving?.addBody(view),
    onEnd: () => this.#onRequestEnd(),
  });
  readonly #responses = createResponseParser({
    onStart: () => {
      if (this.#queue.length === 0) throw malformed('HTTP/1.1', 'an answer to no request');
    },
    onHead: (head) => this.#onResponseHead(head),
    onBody: (view) => this.#queue[0]?.addResponse(view),
    onEnd: () => this.#onResponseEnd(),
  });

  constructor(context: TapContext, session: string) {
    this.#context = context;
    this.#session = session;
  }

  get idle(): boolean {
    return this.#queue.length === 0 && this.#arriving === undefined && this.#client === 'reading';
  }

  fromClient(chunk: Buffer, atNs: number): void {
    if (this.#client === 'opaque') return;
    if (this.#client === 'deaf') {
      this.#countLoss();
      return;
    }
    if (this.#switching?.requestDone) {
      this.#hold(chunk, atNs);
      return;
    }
    this.#nowNs = atNs;
    try {
      const taken = this.#requests.push(chunk);
      if (taken < chunk.length) this.#hold(chunk.subarray(taken), atNs);
    } catch (thrown) {
      this.#giveUpClient(EngramTraceError.from(thrown));
    }
  }

  fromServer(chunk: Buffer, atNs: number): void {
    if (this.#server !== 'reading') return;
    this.#nowNs = atNs;
    try {
      const taken = this.#responses.push(chunk);
      if (taken < chunk.length) this.#server = 'opaque';
    } catch (thrown) {
      this.#giveUpServer(EngramTraceError.from(thrown));
    }
  }

  serverEnded(atNs: number): void {
    if (this.#server !== 'reading') return;
    this.#nowNs = atNs;
    this.#responses.finish();
  }

  closed(end: ConnectionEnd, atNs: number): void {
    const arriving = this.#arriving;
    for (const exchange of this.#queue.splice(0)) {
      const isAborted = end === 'client_aborted' && !exchange.requestDone;
      exchange.finish(exchange.requestError || (isAborted ? 'request_incomplete' : end), atNs);
    }
    // Answered before all of the request was there, and the rest never came.
    if (arriving?.answeredNs !== undefined) arriving.finish('request_incomplete', atNs);
    this.#arriving = undefined;
    if (this.#held.length > 0) this.#countLoss();
    this.#held = [];
  }

  #onRequestStart(): void {
    if (this.#queue.length >= MAX_PIPELINED)
      throw malformed('HTTP/1.1', 'too many requests without an answer');
    this.#arriving = new HttpExchange(this.#context, this.#session, this.#nowNs);
  }

  #onRequestHead(head: RequestHead): BodyRule {
    const exchange = this.#arriving as HttpExchange;
    exchange.setHead(head.method, head.target, head.fields.headers, true);
    this.#queue.push(exchange);
    if (head.method === 'CONNECT' || head.fields.upgrade) this.#switching = exchange;
    return 'as-framed';
  }

  #onRequestEnd(): void {
    const exchange = this.#arriving as HttpExchange;
    this.#arriving = undefined;
    exchange.requestDone = true;
    if (exchange.answeredNs !== undefined) exchange.finish('', exchange.answeredNs);
    if (this.#switching === exchange) this.#requests.pause();
  }

  #onResponseHead({ status }: ResponseHead): BodyRule {
    const exchange = this.#queue[0] as HttpExchange;
    this.#isInformational = status < 200 && status !== 101;
    if (this.#isInformational) return 'none';
    exchange.status = status;
    const isTunnel = exchange.method === 'CONNECT' && status < 300;
    if (status === 101 || isTunnel) this.#becomeOpaque();
    return isTunnel || exchange.method === 'HEAD' ? 'none' : 'as-framed';
  }

  #becomeOpaque(): void {
    this.#responses.pause();
    this.#client = 'opaque';
    this.#server = 'opaque';
    this.#held = [];
  }

  #onResponseEnd(): void {
    if (this.#isInformational) return;
    const exchange = this.#queue.shift() as HttpExchange;
    exchange.answeredNs = this.#nowNs;
    if (exchange.requestDone || exchange.requestError !== '')
      exchange.finish(exchange.requestError, this.#nowNs);
    if (this.#switching === exchange) this.#releaseHeld();
  }

  #hold(chunk: Buffer, atNs: number): void {
    this.#heldBytes += chunk.length;
    if (this.#heldBytes > MAX_HELD_BYTES) {
      this.#held = [];
      this.#giveUpClient(malformed('HTTP/1.1', 'too much behind an upgrade without an answer'));
    } else this.#held.push({ chunk, atNs });
  }

  /**
   * The upgrade was refused: what the client sent behind it is HTTP/1 like before. Read at once, for its answer may
   * be the very next byte.
   */
  #releaseHeld(): void {
    this.#switching = undefined;
    const held = this.#held;
    const nowNs = this.#nowNs;
    this.#held = [];
    this.#heldBytes = 0;
    for (const { chunk, atNs } of held) this.fromClient(chunk, atNs);
    this.#nowNs = nowNs;
  }

  /** What was asked properly still gets its answer; the request that could not be read is lost. */
  #giveUpClient(error: EngramTraceError): void {
    this.#client = 'deaf';
    const broken = this.#arriving;
    this.#arriving = undefined;
    if (broken !== undefined && this.#queue.includes(broken)) broken.requestError = 'request_malformed';
    else if (broken?.answeredNs !== undefined) broken.finish('request_malformed', this.#nowNs);
    else this.#countLoss();
    this.#context.onGaveUp(error.message);
  }

  /** Whoever is answered without a record (a request of a shape not read, or behind one) is lost. */
  #giveUpServer(error: EngramTraceError): void {
    const isUnread = this.#arriving !== undefined && this.#arriving.method === '';
    if (isUnread || this.#client === 'deaf' || this.#held.length > 0) this.#countLoss();
    this.#held = [];
    this.#server = 'deaf';
    this.#client = 'deaf';
    for (const exchange of this.#queue.splice(0)) exchange.finish('bad_response', this.#nowNs);
    if (this.#arriving?.answeredNs !== undefined) this.#arriving.finish('request_incomplete', this.#nowNs);
    this.#arriving = undefined;
    this.#context.onGaveUp(error.message);
  }

  /** Something is not recorded, nobody knows how much: say so once. */
  #countLoss(): void {
    if (this.#isLossCounted) return;
    this.#isLossCounted = true;
    this.#context.sink.drop(1);
  }
}

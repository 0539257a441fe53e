import type { Socket } from 'node:net';
import type { Clock, FailureCode } from '../../replay/ports.ts';
import { GIVEN_UP } from '../answer/given-up.ts';
import { detailOf, httpFailure } from '../answer/http-failure.ts';
import { otherProtocol } from '../connect/other-protocol.ts';
import { ResponseParser, skipLineEnds } from './response-parser.ts';
import type { WireExchange } from './wire-exchange.ts';
import type { OpenSocket, WireSocketEvents } from './wire-socket.ts';

/** Hears what becomes of a connection. */
export interface WireConnectionEvents {
  opened(connection: WireConnection): void;
  notOpened(connection: WireConnection, error: Error): void;
  /**
   * Hears that the connection can take the next request. The listener of the last one, which may send it at once, hears
   * of the end only after this.
   */
  freed(connection: WireConnection, nowNs: number): void;
  /** Hears that a server spoke that was never asked, and what it speaks. */
  saidFirst(what: string): void;
  /** Hears that the connection is of no more use, before its exchange, if there is one, hears of the end. */
  lost(connection: WireConnection): void;
  /** Hears that an exchange has ended, and its listener knows. */
  ended(): void;
}

/** One connection to the target: at most one request at a time, no retries. */
export class WireConnection implements WireSocketEvents {
  exchange: WireExchange | undefined;
  /** When it was last put aside, on the pool's clock. */
  idleSinceNs = 0;
  readonly #host: WireConnectionEvents;
  readonly #socket: Socket;
  readonly #parser: ResponseParser;
  readonly #clock: Pick<Clock, 'nowNs'>;
  #isOpen = false;
  #isGone = false;
  #hasServed = false;
  #requestsLeft = Infinity;
  #serverKeepAliveMs = Infinity;

  constructor(
    host: WireConnectionEvents,
    openSocket: OpenSocket,
    clock: Pick<Clock, 'nowNs'>,
    countByHeader?: string | undefined,
  ) {
    this.#host = host;
    this.#clock = clock;
    this.#parser = new ResponseParser(clock, countByHeader);
    this.#socket = openSocket(this);
  }

  /** Whether the connection takes exchanges. */
  get isUsable(): boolean {
    return this.#isOpen && !this.#isGone;
  }

  /** How long the server said it keeps an idle connection, less a margin for what is on its way; may be Infinity. */
  get serverKeepAliveMs(): number {
    return this.#serverKeepAliveMs;
  }

  /** Writes a request; true when the kernel has all of it already and its bytes can be used again. */
  begin(exchange: WireExchange): boolean {
    const socket = this.#socket;
    this.exchange = exchange;
    exchange.connection = this;
    this.#parser.begin(exchange.isHead, exchange.recorded);
    exchange.listener.onSent(exchange.heldNs);
    if (this.exchange !== exchange) return true;
    if (exchange.body === undefined) {
      socket.write(exchange.bytes);
    } else {
      socket.cork();
      socket.write(exchange.bytes);
      socket.write(exchange.body);
      socket.uncork();
    }
    return socket.writableLength === 0;
  }

  /** Closes it at once; an exchange on it ends as `cancelled`. */
  giveUp(): void {
    this.#lose('cancelled', this.#howFar());
  }

  /** Closes it at once, without calling `lost`. The exchange on it ends like this. */
  destroy(failure: FailureCode | undefined, detail: string): void {
    this.#isGone = true;
    this.#socket.destroy();
    this.#endExchange(failure, detail);
  }

  onOpen(): void {
    if (this.#isGone) return;
    this.#isOpen = true;
    this.#host.opened(this);
  }

  onBytes(bytes: Buffer, length: number): void {
    const { exchange } = this;
    if (this.#isGone) return;
    if (exchange === undefined) {
      // Nobody asked. Whatever it is, it would be taken for the answer to the next request; but for an empty line.
      if (skipLineEnds(bytes, 0, length) < length) {
        if (!this.#hasServed) this.#host.saidFirst(otherProtocol(bytes, length, 'HTTP/1'));
        this.#lose('bad_response', '');
      }
      return;
    }
    const parser = this.#parser;
    const before = parser.status;
    const taken = parser.push(bytes, length);
    const isFirst = before === 0 && parser.status !== 0;
    // One look at the clock for all that these bytes set off.
    const nowNs = isFirst || parser.isDone ? this.#clock.nowNs() : 0;
    if (isFirst) {
      exchange.answered(parser.status, nowNs);
      // The listener may have given it up.
      if (this.exchange !== exchange) return;
    }
    parser.endless?.note();
    if (parser.problem !== '') this.#lose('bad_response', this.#problem(bytes, length));
    else if (parser.isDone) this.#onAnswer(skipLineEnds(bytes, taken, length) < length, nowNs);
  }

  onEnd(): void {
    // The end of a TLS handshake is also told as an error, which says that nothing was ever open.
    if (this.#isGone || !this.#isOpen) return;
    if (this.exchange !== undefined && this.#parser.finish()) this.#lose(undefined, '');
    else this.#lose(this.#asKept('connection_closed'), this.#whereClosed());
  }

  onError(error: Error): void {
    if (this.#isGone) return;
    if (!this.#isOpen) {
      this.#isGone = true;
      this.#host.notOpened(this, error);
      return;
    }
    const failure = this.#asKept(httpFailure(error, true));
    const isKept = failure === 'keepalive_closed';
    this.#lose(failure, isKept ? `${this.#whereClosed()}: ${detailOf(error)}` : detailOf(error));
  }

  onClose(): void {
    if (this.#isGone) return;
    if (this.#isOpen) this.#lose(this.#asKept('connection_closed'), this.#whereClosed());
    else this.onError(new Error('the connection was closed before it was open'));
  }

  /**
   * Ends an answer that is whole. `isMore` tells of bytes behind it that belong to nothing; nothing else is asked here
   * then.
   */
  #onAnswer(isMore: boolean, nowNs: number): void {
    this.#hasServed = true;
    const { head } = this.#parser;
    if (head.keepAliveMs >= 0)
      this.#serverKeepAliveMs = head.keepAliveMs - Math.min(1000, head.keepAliveMs / 2);
    this.#requestsLeft = head.requestsLeft >= 0 ? head.requestsLeft : this.#requestsLeft - 1;
    // An answer before the whole request was written: what is left of that must not precede the next.
    const isKept =
      !isMore &&
      this.exchange?.isLast === false &&
      head.keepsAlive &&
      this.#requestsLeft > 0 &&
      this.#serverKeepAliveMs > 0 &&
      this.#socket.writableLength === 0;
    if (!isKept) {
      this.#lose(undefined, '');
      return;
    }
    this.#host.freed(this, nowNs);
    this.#endExchange(undefined, '', nowNs);
  }

  /** Loses the connection, which is not used again; the exchange on it ends like this: well, if there is no failure. */
  #lose(failure: FailureCode | undefined, detail: string): void {
    this.#host.lost(this);
    this.destroy(failure, detail);
  }

  #endExchange(failure: FailureCode | undefined, detail: string, nowNs?: number): void {
    const { exchange } = this;
    if (exchange === undefined) return;
    this.exchange = undefined;
    const parser = this.#parser;
    const isAnswered = failure === undefined;
    const said = isAnswered ? parser.said : detail;
    const answer = isAnswered ? parser.answer : undefined;
    exchange.end(failure, said, parser.bodyBytes, parser.endEndless(), answer, parser.counted, nowNs);
    this.#host.ended();
  }

  /**
   * Names an end without a byte of an answer, where there were answers before: the server closed the connection for
   * being idle, and request and end crossed. Whoever was there first, the operation says nothing of how the server
   * serves.
   */
  #asKept(failure: FailureCode): FailureCode {
    const isEnd = failure === 'connection_closed' || failure === 'connection_reset';
    return isEnd && this.#hasServed && !this.#parser.hasBegun ? 'keepalive_closed' : failure;
  }

  /** Says what is wrong with the bytes; only the first ones of a connection tell what is spoken there. */
  #problem(bytes: Buffer, length: number): string {
    const other = this.#hasServed || this.#parser.status !== 0 ? '' : otherProtocol(bytes, length, 'HTTP/1');
    return other.includes('HTTP/1') || other === '' ? this.#parser.problem : other;
  }

  #howFar(): string {
    const parser = this.#parser;
    if (parser.status !== 0) return GIVEN_UP.inAnswer;
    if (parser.hasBegun) return GIVEN_UP.inHead;
    return this.#socket.writableLength > 0 ? GIVEN_UP.unread : GIVEN_UP.unanswered;
  }

  #whereClosed(): string {
    const parser = this.#parser;
    if (parser.status !== 0) return 'the server closed the connection inside the answer';
    if (parser.hasBegun) return 'the server closed the connection inside the head of the answer';
    return this.#hasServed
      ? 'the server closed the kept connection before it answered'
      : 'the server closed the connection before it answered';
  }
}

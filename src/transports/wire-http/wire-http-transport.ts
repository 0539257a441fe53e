import type { Cancel, SendListener, SendOutcome, Transport } from '../../replay/ports.ts';
import { failedSend } from '../../replay/send-outcome.ts';
import type { TraceRecord } from '../../trace/record.ts';
import { detailOf, httpFailure } from '../http-failure.ts';
import type { UndiciTransportOptions } from '../undici-transport.ts';
import { IdleConnections } from './idle-connections.ts';
import { type Allocate, isRefusal, prepareHttpHead, prepareHttpRequest } from './prepare-http-request.ts';
import { createHttpRequestContext, type HttpRequestContext } from './request-headers.ts';
import { checkTarget, notThere } from './target.ts';
import { type ConnectionHost, WireConnection } from './wire-connection.ts';
import { WireExchange } from './wire-exchange.ts';
import { createSocketOpener, type OpenSocket } from './wire-socket.ts';

export interface WireHttpTransportOptions extends UndiciTransportOptions {
  /** Monotonic ms, for the age of idle connections only. */
  nowMs?: (() => number) | undefined;
}

/** A transport that also takes requests as bytes. */
export interface WireHttpTransport extends Transport {
  /**
   * Sends what `prepareHttpRequest` made, `isHead` for the method HEAD. The bytes must stay as they are until
   * `onDone`.
   */
  sendPrepared(bytes: Uint8Array, isHead: boolean, listener: SendListener): Cancel;
}

/** Connections opened by `warmUp`. */
const WARM_CONNECTIONS = 64;
/**
 * Connections being opened at one time: this many, or a quarter of those there are. After a stall everything is due
 * at once: a connection for each would take longer than to wait for those that free themselves, and overflow the
 * target's queue of new connections.
 */
const FEW_OPENING = 8;
const SWEEP_MS = 1000;
/** Larger bodies are not copied next to their head but written behind it. */
const LARGE_BODY_BYTES = 64 * 1024;
const SCRATCH_BYTES = LARGE_BODY_BYTES + 64 * 1024;

/**
 * Sends HTTP/1.1 records over node:net or node:tls: bytes prepared once per kind of request, one write, and a
 * parser that only counts. What goes out and what is told is the same as with the undici transport, but for interim
 * answers (1xx): those are skipped.
 */
export function createWireHttpTransport(options: WireHttpTransportOptions): WireHttpTransport {
  checkTarget(options.origin);
  return new WireTransport(options);
}

class WireTransport implements WireHttpTransport, ConnectionHost {
  readonly #options: WireHttpTransportOptions;
  readonly #context: HttpRequestContext;
  readonly #openSocket: OpenSocket;
  readonly #idle: IdleConnections;
  readonly #all = new Set<WireConnection>();
  /** Being opened for exchanges that wait; any of those takes it. */
  readonly #opening = new Set<WireConnection>();
  readonly #warming = new Map<WireConnection, (error: Error | undefined) => void>();
  /** Have no connection yet, in the order they came. */
  readonly #waiting = new Set<WireExchange>();
  readonly #sweeper: NodeJS.Timeout;
  /** Where requests with a body are put together; TLS keeps what it was given for too long for that. */
  #scratch = newScratch();
  readonly #allocate: Allocate;
  #isClosed = false;

  constructor(options: WireHttpTransportOptions) {
    const { origin, tls, keepAliveMs = 30_000, nowMs = () => performance.now() } = options;
    this.#options = options;
    this.#context = createHttpRequestContext(options);
    this.#allocate = origin.protocol === 'https:' ? Buffer.allocUnsafe : (size) => this.#inScratch(size);
    this.#openSocket = createSocketOpener(origin, tls);
    this.#idle = new IdleConnections(keepAliveMs, nowMs, (connection) => this.#discard(connection));
    this.#sweeper = setInterval(() => this.#idle.sweep(), SWEEP_MS).unref();
  }

  async warmUp(): Promise<void> {
    const count = Math.min(WARM_CONNECTIONS, this.#options.connections ?? WARM_CONNECTIONS);
    const errors = await Promise.all(Array.from({ length: count }, () => this.#warmOne()));
    // One is enough to say that someone is there.
    const [error] = errors;
    if (error !== undefined && errors.every((each) => each !== undefined)) {
      throw notThere(this.#options.origin, error);
    }
  }

  send(record: TraceRecord, _timeScale: number, listener: SendListener): Cancel {
    const isHead = record.method === 'HEAD';
    const isLarge = record.body.length > LARGE_BODY_BYTES;
    if (isLarge) {
      const head = prepareHttpHead(record, this.#context);
      return this.#send(head, record.body, isHead, listener);
    }
    const connection = this.#takeIdle();
    if (connection === undefined) {
      return this.#send(prepareHttpRequest(record, this.#context), undefined, isHead, listener);
    }
    const bytes = prepareHttpRequest(record, this.#context, this.#allocate);
    if (isRefusal(bytes)) {
      this.#idle.put(connection);
      return refuse(bytes, listener);
    }
    const exchange = new WireExchange(listener, isHead, bytes, undefined);
    // What the kernel did not take yet still lies in the scratch.
    if (!connection.begin(exchange) && bytes.buffer === this.#scratch.buffer) this.#scratch = newScratch();
    return () => this.#cancel(exchange);
  }

  sendPrepared(bytes: Uint8Array, isHead: boolean, listener: SendListener): Cancel {
    return this.#send(bytes, undefined, isHead, listener);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#sweeper);
    for (const exchange of [...this.#waiting]) this.#cancel(exchange);
    for (const connection of [...this.#all]) {
      this.#discard(connection);
      this.#warmed(connection, new Error('the transport is closed'));
    }
  }

  // What connections tell.

  opened(connection: WireConnection): void {
    this.#opening.delete(connection);
    this.#idle.put(connection);
    this.#warmed(connection, undefined);
    this.ended();
  }

  notOpened(connection: WireConnection, error: Error): void {
    const isForWaiting = this.#opening.has(connection);
    this.lost(connection);
    this.#warmed(connection, error);
    const [first] = this.#waiting;
    if (!isForWaiting || first === undefined) return;
    this.#waiting.delete(first);
    first.end(httpFailure(error, false), detailOf(error), 0);
    this.#refill();
  }

  freed(connection: WireConnection): void {
    this.#idle.put(connection);
  }

  lost(connection: WireConnection): void {
    this.#all.delete(connection);
    this.#opening.delete(connection);
    this.#idle.remove(connection);
  }

  ended(): void {
    if (this.#waiting.size > 0) this.#refill();
  }

  #inScratch(sizeBytes: number): Buffer {
    return sizeBytes <= SCRATCH_BYTES ? this.#scratch.subarray(0, sizeBytes) : Buffer.allocUnsafe(sizeBytes);
  }

  #send(
    bytes: Uint8Array | SendOutcome,
    body: Uint8Array | undefined,
    isHead: boolean,
    listener: SendListener,
  ): Cancel {
    if (this.#isClosed) return refuse(failedSend('cancelled', 'the transport is closed'), listener);
    if (isRefusal(bytes)) return refuse(bytes, listener);
    const exchange = new WireExchange(listener, isHead, bytes, body);
    const connection = this.#takeIdle();
    if (connection === undefined) {
      this.#waiting.add(exchange);
      this.#refill();
    } else connection.begin(exchange);
    return () => this.#cancel(exchange);
  }

  /** Who waits already goes first. */
  #takeIdle(): WireConnection | undefined {
    return this.#waiting.size === 0 && !this.#isClosed ? this.#idle.take() : undefined;
  }

  /** Starts those that wait on free connections, and opens more for the others. */
  #refill(): void {
    for (const exchange of this.#waiting) {
      const connection = this.#idle.take();
      if (connection === undefined) break;
      this.#waiting.delete(exchange);
      connection.begin(exchange);
    }
    const most = this.#options.connections ?? Infinity;
    const wanted = Math.min(this.#waiting.size, Math.max(FEW_OPENING, this.#all.size >> 2));
    while (this.#opening.size < wanted && this.#all.size < most && !this.#isClosed) {
      this.#opening.add(this.#add());
    }
  }

  #add(): WireConnection {
    const connection = new WireConnection(this, this.#openSocket);
    this.#all.add(connection);
    return connection;
  }

  #warmOne(): Promise<Error | undefined> {
    return new Promise((resolve) => {
      this.#warming.set(this.#add(), resolve);
    });
  }

  #warmed(connection: WireConnection, error: Error | undefined): void {
    this.#warming.get(connection)?.(error);
    this.#warming.delete(connection);
  }

  #cancel(exchange: WireExchange): void {
    if (exchange.isDone) return;
    const { connection } = exchange;
    if (connection !== undefined) {
      this.#discard(connection);
      this.ended();
      return;
    }
    this.#waiting.delete(exchange);
    exchange.end('cancelled', 'given up before it was sent', 0);
    this.#giveUpOpening();
  }

  /** A connection that takes so long that its operation was given up may never open: others must not wait for it. */
  #giveUpOpening(): void {
    const [oldest] = this.#opening;
    if (oldest === undefined || this.#opening.size <= this.#waiting.size) return;
    this.#discard(oldest);
    this.ended();
  }

  #discard(connection: WireConnection): void {
    this.lost(connection);
    connection.destroy('cancelled', 'given up');
  }
}

function newScratch(): Buffer {
  return Buffer.allocUnsafeSlow(SCRATCH_BYTES);
}

function refuse(outcome: SendOutcome, listener: SendListener): Cancel {
  listener.onDone(outcome);
  return () => {};
}

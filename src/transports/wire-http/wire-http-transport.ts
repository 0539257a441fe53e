import { createRealClock } from '../../replay/clock/real-clock.ts';
import type { Cancel, Clock, SendListener, SendOutcome, Transport } from '../../replay/ports.ts';
import { failedSend } from '../../replay/send-outcome.ts';
import type { Outcome, TraceRecord } from '../../trace/record/record.ts';
import { comparableAnswer } from '../answer/answer-comparison.ts';
import type { ConnectionMode } from '../connect/connection-mode.ts';
import { MOST_OWN_CONNECTIONS, OWN_IDLE_SECS, SessionPools } from '../connect/session-pools.ts';
import type { UndiciTransportOptions } from '../undici/undici-transport.ts';
import { checkTarget, notThere } from './check-target.ts';
import { FirstWords } from './first-words.ts';
import { HttpPool } from './http-pool.ts';
import { type Allocate, isRefusal, prepareHttpHead, prepareHttpRequest } from './prepare-http-request.ts';
import { createHttpRequestContext, type HttpRequestContext } from './request-headers.ts';
import { Scratch } from './scratch.ts';
import { WireExchange } from './wire-exchange.ts';
import { createSocketOpener } from './wire-socket.ts';

export interface WireHttpTransportOptions extends UndiciTransportOptions {
  /** Which connections a session uses; `connections` bounds those of `pooled`, the default. */
  mode?: ConnectionMode | undefined;
  /** Most connections: past it operations wait; with the mode `recorded` idle sessions lose theirs, then they fail. */
  mostConnections?: number | undefined;
}

/** A transport that also takes requests as bytes. */
export interface WireHttpTransport extends Transport {
  /**
   * Sends what `prepareHttpRequest` made, `isHead` for the method HEAD. The bytes must stay as they are until
   * `onDone`. `session` says whose connection it takes, where sessions have such.
   */
  sendPrepared(bytes: Uint8Array, isHead: boolean, listener: SendListener, session?: string): Cancel;
}

/** Connections opened by `warmUp`. */
const WARM_CONNECTIONS = 64;
const KEEP_ALIVE_MS = 30_000;
const SWEEP_MS = 1000;
/** Larger bodies are not copied next to their head but written behind it. */
const LARGE_BODY_BYTES = 64 * 1024;
const SCRATCH_BYTES = LARGE_BODY_BYTES + 64 * 1024;

/**
 * Sends HTTP/1.1 records, and HTTP/1.0 ones as such, over node:net or node:tls: bytes prepared once per kind of request,
 * one write, and a parser that only counts. What goes out and what is told is the same as with the undici transport, but
 * for interim answers (1xx), which are skipped, and irregular ones, which are read as capture reads them.
 */
export function createWireHttpTransport(options: WireHttpTransportOptions): WireHttpTransport {
  checkTarget(options.origin);
  return new WireTransport(options);
}

class WireTransport implements WireHttpTransport {
  readonly #options: WireHttpTransportOptions;
  readonly #context: HttpRequestContext;
  readonly #pools: SessionPools<HttpPool>;
  readonly #sweeper: NodeJS.Timeout;
  readonly #firstWords = new FirstWords();
  readonly #clock: Pick<Clock, 'nowNs'>;
  /** Where requests with a body are put together; TLS keeps what it was given for too long for that. */
  readonly #scratch = new Scratch(SCRATCH_BYTES);
  readonly #allocate: Allocate;
  #isClosed = false;

  constructor(options: WireHttpTransportOptions) {
    this.#options = options;
    this.#clock = options.clock ?? createRealClock({ precision: 'eco' });
    this.#context = createHttpRequestContext(options);
    const isPlain = options.origin.protocol !== 'https:';
    this.#allocate = isPlain ? (size) => this.#scratch.take(size) : Buffer.allocUnsafe;
    this.#pools = createPools(options, this.#clock, this.#firstWords);
    this.#sweeper = setInterval(() => this.#pools.sweep(), SWEEP_MS).unref();
  }

  async warmUp(sessions?: readonly string[]): Promise<void> {
    const { mode = 'pooled', connections = WARM_CONNECTIONS, origin } = this.#options;
    // Where nobody says which sessions come, one connection says whether someone is there.
    const isProbe = mode === 'recorded' && sessions === undefined;
    const pools = this.#pools.first(sessions ?? [''], WARM_CONNECTIONS);
    const count = mode === 'pooled' ? Math.min(WARM_CONNECTIONS, connections) : 1;
    const begunNs = this.#clock.nowNs();
    const errors = (await Promise.all(pools.map((pool) => pool.warm(count)))).flat();
    const [error] = errors;
    // One is enough to say that someone is there.
    const isNobody = error !== undefined && errors.every((each) => each !== undefined);
    const said =
      isNobody || origin.protocol === 'https:'
        ? ''
        : await this.#firstWords.heard((this.#clock.nowNs() - begunNs) / 1e6);
    if (isProbe) this.#pools.drop('');
    if (isNobody) throw notThere(origin, error);
    if (said !== '') throw notThere(origin, new Error(said));
  }

  send(record: TraceRecord, _timeScale: number, listener: SendListener): Cancel {
    const pool = this.#pools.of(record.session);
    const isHead = record.method === 'HEAD';
    const isLast = this.#isLast(record);
    const recorded = comparableAnswer(record);
    const isLarge = record.body.length > LARGE_BODY_BYTES;
    if (isLarge) {
      const head = prepareHttpHead(record, this.#context);
      return this.#send(head, record.body, isHead, isLast, listener, pool, recorded);
    }
    const connection = pool.takeIdle();
    if (connection === undefined) {
      const bytes = prepareHttpRequest(record, this.#context);
      return this.#send(bytes, undefined, isHead, isLast, listener, pool, recorded);
    }
    const bytes = prepareHttpRequest(record, this.#context, this.#allocate);
    if (isRefusal(bytes)) {
      pool.freed(connection, this.#clock.nowNs());
      return refuse(bytes, listener);
    }
    const exchange = new WireExchange(listener, isHead, bytes, undefined, isLast, recorded);
    // What the kernel did not take yet still lies in the scratch.
    if (!connection.begin(exchange)) this.#scratch.leaveTo(bytes);
    return () => pool.cancel(exchange);
  }

  sendPrepared(bytes: Uint8Array, isHead: boolean, listener: SendListener, session = ''): Cancel {
    return this.#send(bytes, undefined, isHead, false, listener, this.#pools.of(session));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#sweeper);
    for (const pool of this.#pools) pool.close();
  }

  /** Tells whether a connection ends with this request: only a client of HTTP/1.0 says so. */
  #isLast({ headers, httpVersion }: TraceRecord): boolean {
    return httpVersion !== undefined && this.#context(headers, httpVersion).isLast;
  }

  #send(
    bytes: Uint8Array | SendOutcome,
    body: Uint8Array | undefined,
    isHead: boolean,
    isLast: boolean,
    listener: SendListener,
    pool: HttpPool,
    recorded?: Outcome | undefined,
  ): Cancel {
    if (this.#isClosed) return refuse(failedSend('cancelled', 'the transport is closed'), listener);
    if (isRefusal(bytes)) return refuse(bytes, listener);
    const exchange = new WireExchange(listener, isHead, bytes, body, isLast, recorded);
    pool.place(exchange);
    return () => pool.cancel(exchange);
  }
}

function createPools(
  options: WireHttpTransportOptions,
  clock: Pick<Clock, 'nowNs'>,
  firstWords: FirstWords,
): SessionPools<HttpPool> {
  const { origin, tls, connections = Infinity, mode = 'pooled', countByHeader } = options;
  const { mostConnections = MOST_OWN_CONNECTIONS } = options;
  const keepAliveMs = options.keepAliveMs ?? (mode === 'recorded' ? OWN_IDLE_SECS * 1000 : KEEP_ALIVE_MS);
  const mostPooled = Math.min(connections, options.mostConnections ?? Infinity);
  const most = mode === 'pooled' ? mostPooled : mode === 'recorded' ? Infinity : 1;
  const openSocket = createSocketOpener(origin, tls, options.spread);
  const shared = { openSocket, clock, keepAliveMs, countByHeader, firstWords };
  return new SessionPools({
    mode,
    mostConnections,
    idleSecs: keepAliveMs / 1000,
    make: (budget) => new HttpPool({ ...shared, mostConnections: most, budget }),
  });
}

function refuse(outcome: SendOutcome, listener: SendListener): Cancel {
  listener.onDone(outcome);
  return () => {};
}

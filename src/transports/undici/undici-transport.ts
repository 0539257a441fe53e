import { EngramTraceError } from '../../error.ts';
import { createRealClock } from '../../replay/clock/real-clock.ts';
import type { Cancel, Clock, SendListener, Transport } from '../../replay/ports.ts';
import { failedSend } from '../../replay/send-outcome.ts';
import type { HeaderList, TraceRecord } from '../../trace/record/record.ts';
import { comparableAnswer } from '../answer/answer-comparison.ts';
import { GIVEN_UP } from '../answer/given-up.ts';
import { detailOf } from '../answer/http-failure.ts';
import type { AddressSpread } from '../connect/address-spread.ts';
import type { TlsSettings } from '../connect/tls-settings.ts';
import { createHttpHeaders } from '../request/http-headers.ts';
import { isRedacted } from '../request/redacted.ts';
import { sentTarget } from '../request/request-target.ts';
import { createHttpConnector, type HttpConnection, type UndiciRequest } from './http-connection.ts';
import { HttpExchange } from './http-exchange.ts';

export interface UndiciTransportOptions {
  /** Scheme, host and port; anything behind them is a usage error. */
  origin: URL;
  /** Most connections; further operations wait for one (that shows as send error). Default: as many as are needed. */
  connections?: number | undefined;
  /** In place of, or besides, the recorded ones. */
  headers?: HeaderList | undefined;
  /** Sends the recorded Host header instead of the target's. */
  keepHost?: boolean | undefined;
  tls?: TlsSettings | undefined;
  /** Over the addresses of the origin's name. */
  spread?: AddressSpread | undefined;
  /** How long an idle connection is kept, in ms. Default: 30 s. */
  keepAliveMs?: number | undefined;
  /** The name of a header, in lower case, whose value in an answer is told. */
  countByHeader?: string | undefined;
  /** That of the replay, for ages and waits of connections and the times of events. Default: that of the machine. */
  clock?: Pick<Clock, 'nowNs'> | undefined;
}

/** Connections opened by `warmUp`. */
const WARM_CONNECTIONS = 4;

/**
 * Sends HTTP/1.1 records with undici: method, path and body bytes as recorded, headers as recorded but for those
 * of the connection, redacted ones and the target's Host. A body that was chunked is sent with a content-length.
 * One request at a time on a connection, no retries, no redirects, no timeouts (those are the engine's); the
 * answer is counted and not kept. HTTP/1.0 is refused: undici can't send it. A `100 Continue` nobody asked for counts as `bad_response`: undici reads no more.
 */
export function createUndiciTransport(options: UndiciTransportOptions): Transport {
  const { pathname, search, username } = options.origin;
  if (pathname !== '/' || search !== '' || username !== '') {
    const shown = `${options.origin.protocol}//${options.origin.host}`;
    throw new EngramTraceError('usage', 'an HTTP target is a scheme, a host and a port, nothing more', {
      hint: `such as ${shown}`,
    });
  }
  return new UndiciTransport(options);
}

interface Waiting {
  request: UndiciRequest;
  exchange: HttpExchange;
}

class UndiciTransport implements Transport {
  readonly #options: UndiciTransportOptions;
  readonly #clock: Pick<Clock, 'nowNs'>;
  readonly #newConnection: () => HttpConnection;
  readonly #headersFor: (recorded: HeaderList) => readonly string[];
  readonly #all = new Set<HttpConnection>();
  /** Free connections; the one used last is used next, so that what is not needed goes idle and is closed. */
  readonly #idle: HttpConnection[] = [];
  readonly #byExchange = new Map<HttpExchange, HttpConnection>();
  readonly #waiting = new Map<HttpExchange, Waiting>();
  #isClosed = false;

  constructor(options: UndiciTransportOptions) {
    this.#options = options;
    this.#clock = options.clock ?? createRealClock({ precision: 'eco' });
    this.#newConnection = createHttpConnector(options, (connection) => this.#forget(connection));
    this.#headersFor = createHttpHeaders(options.headers ?? [], options.keepHost === true);
  }

  async warmUp(): Promise<void> {
    const count = Math.min(WARM_CONNECTIONS, this.#options.connections ?? WARM_CONNECTIONS);
    const opened = await Promise.allSettled(Array.from({ length: count }, () => this.#openOne()));
    const failed = opened.find((each) => each.status === 'rejected');
    // One is enough to say that someone is there.
    if (failed !== undefined && !opened.some((each) => each.status === 'fulfilled')) {
      throw notThere(this.#options.origin, failed.reason as Error);
    }
  }

  send(record: TraceRecord, _timeScale: number, listener: SendListener): Cancel {
    const refusal = refusalOf(record, this.#isClosed);
    if (refusal !== undefined) {
      listener.onDone(refusal);
      return () => {};
    }
    const { method, body } = record;
    const path = sentTarget(method, record.path);
    const request = { method, path, headers: this.#headersFor(record.headers), body };
    const exchange = new HttpExchange(
      listener,
      method === 'HEAD',
      comparableAnswer(record),
      this.#clock,
      this.#onEnded,
      this.#options.countByHeader,
    );
    this.#place({ request, exchange });
    return () => this.#cancel(exchange);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const exchange of [...this.#waiting.keys()]) this.#cancel(exchange);
    for (const connection of [...this.#all]) {
      const { exchange } = connection;
      if (exchange !== undefined) this.#cancel(exchange);
      this.#forget(connection);
      connection.destroy();
    }
  }

  async #openOne(): Promise<void> {
    const connection = this.#add();
    try {
      await connection.open();
      if (this.#isClosed) connection.destroy();
      else this.#idle.push(connection);
    } catch (error) {
      this.#forget(connection);
      connection.destroy();
      throw error;
    }
  }

  #add(): HttpConnection {
    const connection = this.#newConnection();
    this.#all.add(connection);
    return connection;
  }

  #place(waiting: Waiting): void {
    const connection = this.#idle.pop() ?? (this.#mayAdd() ? this.#add() : undefined);
    if (connection === undefined) this.#waiting.set(waiting.exchange, waiting);
    else this.#start(connection, waiting);
  }

  #mayAdd(): boolean {
    return this.#all.size < (this.#options.connections ?? Infinity);
  }

  #start(connection: HttpConnection, { request, exchange }: Waiting): void {
    this.#byExchange.set(exchange, connection);
    connection.start(request, exchange);
  }

  readonly #onEnded = (exchange: HttpExchange, isConnectionGood: boolean): void => {
    const connection = this.#byExchange.get(exchange);
    if (connection === undefined) return;
    this.#byExchange.delete(exchange);
    connection.exchange = undefined;
    connection.hasServed = true;
    if (isConnectionGood && !this.#isClosed) {
      this.#idle.push(connection);
    } else {
      // Its state is anybody's guess.
      this.#forget(connection);
      connection.destroy();
    }
    this.#startWaiting();
  };

  #startWaiting(): void {
    for (const waiting of this.#waiting.values()) {
      if (this.#isClosed || (this.#idle.length === 0 && !this.#mayAdd())) return;
      this.#waiting.delete(waiting.exchange);
      this.#place(waiting);
    }
  }

  #cancel(exchange: HttpExchange): void {
    if (exchange.isDone || exchange.cancel()) return;
    this.#failUnsent(exchange);
  }

  /** Fails an exchange that waits for a connection, or for one to be made: nothing of it was sent. */
  #failUnsent(exchange: HttpExchange): void {
    const isWaiting = this.#waiting.delete(exchange);
    exchange.fail(new Error(isWaiting ? GIVEN_UP.waiting : GIVEN_UP.connecting));
  }

  #forget(connection: HttpConnection): void {
    this.#all.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
  }
}

function refusalOf(record: TraceRecord, isClosed: boolean): ReturnType<typeof failedSend> | undefined {
  if (isClosed) return failedSend('cancelled', 'the transport is closed');
  if (record.httpVersion !== undefined)
    return failedSend('bad_request', `undici sends no HTTP/${record.httpVersion}; the wire transport does`);
  if (record.method === 'CONNECT')
    return failedSend('bad_request', 'CONNECT opens a tunnel and is not replayed');
  if (isRedacted(sentTarget(record.method, record.path)))
    return failedSend('bad_request', 'the request path was redacted');
  return undefined;
}

function notThere(origin: URL, error: Error): EngramTraceError {
  return new EngramTraceError('target', `no HTTP connection to ${origin.host}: ${detailOf(error)}`, {
    hint: 'start the server, or name another one with --endpoint',
    cause: error,
  });
}

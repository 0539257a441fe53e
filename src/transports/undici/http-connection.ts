import { channel } from 'node:diagnostics_channel';
import { isIP, type Socket } from 'node:net';
import { buildConnector, Client, type Dispatcher } from 'undici';
import type { AddressSpread } from '../connect/address-spread.ts';
import type { TlsSettings } from '../connect/tls-settings.ts';
import { isAsterisk } from '../request/request-target.ts';
import type { HttpExchange } from './http-exchange.ts';

/** Answers with larger headers than this are broken off (`bad_response`). */
const MAX_HEADER_BYTES = 256 * 1024;

export interface HttpConnectionOptions {
  origin: URL;
  tls?: TlsSettings | undefined;
  spread?: AddressSpread | undefined;
  /** How long an idle connection is kept; a server's Keep-Alive header may shorten it. */
  keepAliveMs?: number | undefined;
}

/** One connection to the target, opened when it is first needed and opened again where the server closed it. */
export interface HttpConnection {
  /** The exchange that has the connection now. */
  exchange: HttpExchange | undefined;
  /** An answer has come on it. */
  hasServed: boolean;
  start(request: UndiciRequest, exchange: HttpExchange): void;
  /** Connects without sending a byte. */
  open(): Promise<void>;
  /** Closes it at once, whatever is going on; the exchange on it fails. */
  destroy(): void;
}

export interface UndiciRequest {
  method: string;
  path: string;
  headers: readonly string[];
  body: Uint8Array;
}

/** Makes connections that share one TLS session cache. `onLost` hears of an idle connection that went away. */
export function createHttpConnector(
  options: HttpConnectionOptions,
  onLost: (connection: HttpConnection) => void,
): () => HttpConnection {
  const { tls, origin, spread, keepAliveMs = 30_000 } = options;
  const asked = spread === undefined ? {} : { lookup: spread.lookup };
  const connect = buildConnector({ ...tlsOptions(tls), ...asked, timeout: 0, maxCachedSessions: 100 });
  // With a recorded Host header undici would ask for that name; the certificate is the target's.
  const servername = origin.protocol === 'https:' ? (tls?.servername ?? nameOf(origin)) : undefined;
  return () => {
    let socket: Socket | undefined;
    const client = new Client(origin, {
      connect: (details, callback) => {
        // A connection still being made can't be given up through the client.
        connection.hasServed = false;
        socket = connect(details, callback) as unknown as Socket | undefined;
        if (socket !== undefined) spread?.watch(socket);
      },
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: Math.max(keepAliveMs, 600_000),
      maxHeaderSize: MAX_HEADER_BYTES,
    });
    const connection: HttpConnection = {
      exchange: undefined,
      hasServed: false,
      start(request, exchange) {
        connection.exchange = exchange;
        const before = socket?.bytesRead;
        exchange.metKeptEnd = () => connection.hasServed && socket?.bytesRead === before;
        const options = dispatchOptions(request, servername);
        if (isAsterisk(request.method, request.path)) dispatchAsterisk(client, options, exchange);
        else client.dispatch(options, exchange);
      },
      open: () => openOnly(client, servername),
      destroy() {
        client.destroy().catch(() => {});
        socket?.destroy();
      },
    };
    client.on('disconnect', () => {
      if (connection.exchange === undefined) onLost(connection);
    });
    return connection;
  };
}

function tlsOptions(tls: TlsSettings | undefined): object {
  if (tls === undefined) return {};
  const { ca, cert, key, insecure, servername } = tls;
  const given = Object.entries({ ca, cert, key, servername }).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), rejectUnauthorized: insecure !== true };
}

function dispatchOptions(
  { method, path, headers, body }: UndiciRequest,
  servername: string | undefined,
): Dispatcher.DispatchOptions {
  return {
    method,
    path,
    headers: headers as string[],
    body: body.length === 0 ? null : Buffer.from(body.buffer, body.byteOffset, body.length),
    // undici would close the connection after each HEAD and each GET with a body.
    reset: false,
    idempotent: false,
    ...sni(servername),
  };
}

/** Gives the name of an origin for SNI; undefined for an address, which RFC 6066 forbids there. */
function nameOf(origin: URL): string | undefined {
  return isIP(origin.hostname.replace(/^\[|\]$/g, '')) === 0 ? origin.hostname : undefined;
}

/** undici takes it per request (its types do not say so) and connects anew when it changes. */
function sni(servername: string | undefined): object {
  return servername === undefined ? {} : { servername };
}

const onCreated = channel('undici:request:create');

/** undici takes no `*` for a path, but sends what its request, told of before it is written, has come to have. */
function dispatchAsterisk(client: Client, options: Dispatcher.DispatchOptions, exchange: HttpExchange): void {
  const toAsterisk = (message: unknown): void => {
    (message as { request: { path: string } }).request.path = '*';
  };
  onCreated.subscribe(toAsterisk);
  try {
    client.dispatch({ ...options, path: '/' }, exchange);
  } finally {
    onCreated.unsubscribe(toAsterisk);
  }
}

class OnlyOpened extends Error {}

/**
 * A request whose handler throws before it is written is dropped, and the connection it was to go out on stays:
 * the way to have undici connect (and load its parser) without sending anything.
 */
function openOnly(client: Client, servername: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    client.dispatch(
      { method: 'GET', path: '/', ...sni(servername) },
      {
        onConnect() {
          throw new OnlyOpened();
        },
        onHeaders: () => true,
        onData: () => true,
        onComplete() {},
        onError: (error) => (error instanceof OnlyOpened ? resolve() : reject(error)),
      },
    );
  });
}

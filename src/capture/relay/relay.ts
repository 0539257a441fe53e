import net from 'node:net';
import tls from 'node:tls';
import { connectMessage } from '../../connect-trouble.ts';
import { EngramTraceError } from '../../error.ts';
import type { Tap } from '../taps/tap.ts';
import type { HostPort } from './host-port.ts';
import { listen } from './listen.ts';
import { type RelayedConnection, relayConnection } from './relay-connection.ts';
import {
  connectUpstream,
  speechTrouble,
  TCP_KEEP_ALIVE_MS,
  type Upstream,
  upstreamTrouble,
} from './upstream.ts';
import { watchHandshakes } from './watch-handshakes.ts';
import { type Misunderstanding, watchSpeech } from './watch-speech.ts';

/** The certificate and key that a listener shows its clients, as PEM texts. */
export interface ListenerTls {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  /** Clients must show a certificate signed by this. */
  readonly clientCa?: string | Buffer | undefined;
}

/** `alpn` is offered in both directions. */
export interface RelayOptions extends Upstream {
  /** Undefined: it does not listen; connections are handed over to it. */
  readonly listen: HostPort | undefined;
  readonly listenTls?: ListenerTls | undefined;
  readonly nowNs: () => number;
  /** A tap for the connection with this number (from 1). */
  readonly openTap: (connection: number) => Tap;
  /** Clients are being turned away, for this reason; one sentence each time. */
  readonly onTrouble?: ((text: string) => void) | undefined;
  /** A connection that was relayed is over. */
  readonly onClosed?: (() => void) | undefined;
}

/** Takes connections and passes their bytes on. */
export interface Relay {
  /** 0 where it does not listen. */
  readonly port: number;
  readonly openConnections: number;
  /** Connections accepted so far. */
  readonly connections: number;
  /** Connections whose upstream did not answer. */
  readonly unreachable: number;
  /** Takes over a connection that another process has accepted, and read nothing of. */
  accept(client: net.Socket): void;
  /** Stops accepting, lets what is in flight end for at most `graceMs`, then cuts the rest. */
  close(graceMs: number): Promise<void>;
}

const IDLE_CHECK_MS = 20;
/** Connections that were cut get so long to end until they are given up. */
const CUT_MS = 500;

/** Opens a relay: bytes go through in both directions, unchanged and never held up by the taps. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const open = new Set<RelayedConnection>();
  let connections = 0;
  let unreachable = 0;
  let onGone = (): void => {};
  const onUnreachable = (error: Error): void => {
    options.onTrouble?.(`${upstreamTrouble(options.upstream, error)}; clients are being reset`);
  };
  let whenSilent: Promise<string> | undefined;
  const onMisunderstood = async (found: Misunderstanding): Promise<void> => {
    // Why the server leaves without a word it is asked once: many connections may end so, for reasons of its own.
    if (found.server === undefined) whenSilent ??= speechTrouble(options, found);
    const text = await (found.server === undefined ? whenSilent : speechTrouble(options, found));
    if (text) options.onTrouble?.(text);
  };
  const onConnection = (client: net.Socket): void => {
    const upstream = connectUpstream(options);
    watchSpeech(client, upstream, (found) => void onMisunderstood(found));
    const tap = options.openTap(++connections);
    const pair = { client, upstream, tap, nowNs: options.nowNs, onUnreachable };
    const connection = relayConnection(pair, (end) => {
      open.delete(connection);
      onGone();
      if (end === 'upstream_unreachable') unreachable++;
      options.onClosed?.();
    });
    open.add(connection);
  };
  const server = createServer(options, onConnection);
  const handshakes = server instanceof tls.Server ? watchHandshakes(server) : undefined;
  const port = options.listen === undefined ? 0 : await listen(server, options.listen);
  return {
    port,
    accept(client) {
      client.allowHalfOpen = true;
      client.setNoDelay(true);
      client.setKeepAlive(true, TCP_KEEP_ALIVE_MS);
      server.emit('connection', client);
    },
    get openConnections() {
      return open.size;
    },
    get connections() {
      return connections;
    },
    get unreachable() {
      return unreachable;
    },
    close: (graceMs) => {
      // Both sockets of every connection, and with them its tap, must be done: the server only knows of one.
      const allGone = new Promise<void>((resolve) => {
        onGone = () => {
          if (open.size === 0) resolve();
        };
        onGone();
      });
      const endIdle = (): void => {
        handshakes?.end();
        for (const connection of open) if (connection.idle) connection.end();
      };
      return closeRelay(server, open, endIdle, allGone, graceMs);
    },
  };
}

function createServer(options: RelayOptions, onConnection: (client: net.Socket) => void): net.Server {
  const common = {
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
  };
  if (options.listenTls === undefined) return net.createServer(common, onConnection);
  const { cert, key, clientCa } = options.listenTls;
  const mutual = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true };
  try {
    const server = tls.createServer(
      { ...common, ...mutual, cert, key, ALPNProtocols: [...options.alpn] },
      onConnection,
    );
    server.on('tlsClientError', (error) => {
      options.onTrouble?.(`a client was turned away in the TLS handshake: ${connectMessage(error)}`);
    });
    return server;
  } catch (cause) {
    throw EngramTraceError.from(cause, 'usage', { where: 'the listener certificate or key' });
  }
}

/**
 * An idle connection is closed at once; one with something in flight when that is done, or when time is up. Sockets
 * that do not even close when they are cut are waited for no longer: what they had in flight is recorded.
 */
async function closeRelay(
  server: net.Server,
  open: ReadonlySet<RelayedConnection>,
  endIdle: () => void,
  allGone: Promise<void>,
  graceMs: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  endIdle();
  const timer = setInterval(endIdle, IDLE_CHECK_MS);
  let deadline: NodeJS.Timeout | undefined;
  const timeUp = new Promise<void>((resolve) => {
    deadline = setTimeout(() => {
      for (const connection of open) connection.cut();
      deadline = setTimeout(() => {
        for (const connection of [...open]) connection.abandon();
        server.unref();
        resolve();
      }, CUT_MS);
    }, graceMs);
  });
  await Promise.race([Promise.all([closed, allGone]), timeUp]);
  clearInterval(timer);
  clearTimeout(deadline);
}

import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ConnectionEnd, Tap } from './tap.ts';

/** One client's connection and the one to the server that belongs to it. */
export interface RelayedConnection {
  /** Nothing is in flight, as far as the tap can tell. */
  readonly idle: boolean;
  /** Closes both sides properly. */
  end(): void;
  /** Resets both sides at once, whatever they have yet to send. */
  cut(): void;
  /** Counts as closed from here on, whatever the sockets do; nothing when it is. */
  abandon(): void;
}

interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
  readonly tap: Tap;
  readonly nowNs: () => number;
}

/**
 * Joins two sockets byte for byte, with back-pressure, half-close and reset in both directions. The tap sees each
 * chunk after it was handed on, so that nothing it does can hold one up.
 */
export function relayConnection(pair: Pair, onClosed: (end: ConnectionEnd) => void): RelayedConnection {
  const { client, upstream, tap, nowNs } = pair;
  let end: ConnectionEnd | undefined;
  let isConnected = false;
  let isClosed = false;
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    tap.closed(end ?? 'incomplete', nowNs());
    onClosed(end ?? 'incomplete');
  };
  // A socket is gone with its error already: Node has emitted no 'close' behind one before, and the record was lost.
  const gone = new Set<Socket>();
  const onSocketGone = (socket: Socket): void => {
    gone.add(socket);
    if (gone.size === 2) close();
  };
  const readyEvent = upstream instanceof TLSSocket ? 'secureConnect' : 'connect';
  upstream.once(readyEvent, () => {
    isConnected = true;
  });

  join(client, upstream, nowNs, (chunk, atNs) => tap.fromClient(chunk, atNs));
  join(upstream, client, nowNs, (chunk, atNs) => tap.fromServer(chunk, atNs));
  client.on('end', () => {
    end ??= 'client_aborted'; // only if something is still in flight when all is over
  });
  upstream.on('end', () => {
    end ??= 'incomplete';
    tap.serverEnded(nowNs());
  });
  client.on('error', () => {
    end ??= 'client_aborted';
    reset(upstream);
    onSocketGone(client);
  });
  upstream.on('error', () => {
    const reason = isConnected ? 'upstream_reset' : 'upstream_unreachable';
    if (end === undefined || end === 'client_aborted' || !isConnected) end = reason;
    reset(client);
    onSocketGone(upstream);
  });
  client.on('close', () => {
    if (!isEnded(client)) reset(upstream);
    onSocketGone(client);
  });
  upstream.on('close', () => {
    if (!isEnded(upstream)) reset(client);
    onSocketGone(upstream);
  });
  return {
    get idle() {
      return tap.idle;
    },
    end() {
      end ??= 'capture_stopped';
      client.end();
      upstream.end();
    },
    cut() {
      end = 'capture_stopped';
      for (const socket of [client, upstream]) {
        socket.unref(); // the process may end, even if this one does not
        reset(socket);
      }
    },
    abandon: close,
  };
}

type Watch = (chunk: Buffer, atNs: number) => void;

/** Moves bytes one way. */
function join(from: Socket, to: Socket, nowNs: () => number, watch: Watch): void {
  from.on('data', (chunk: Buffer) => {
    const atNs = nowNs();
    if (!to.destroyed && !to.write(chunk)) from.pause();
    watch(chunk, atNs);
  });
  to.on('drain', () => from.resume());
  from.on('end', () => to.end());
}

/** Closed properly in both directions: then the other socket has its end coming, behind what it has yet to write. */
function isEnded(socket: Socket): boolean {
  return socket.readableEnded && socket.writableFinished;
}

/**
 * Drops a connection so that the other end sees a reset, as it would have from the peer itself. While a shutdown is
 * under way libuv refuses to reset, and Node then emits an 'error', never a 'close', and keeps the descriptor for good;
 * on a connection that is being made it waits. Both are closed instead.
 */
function reset(socket: Socket): void {
  if (socket.destroyed) return;
  const isShuttingDown = socket.writableEnded && !socket.writableFinished;
  // A TLS socket has no way to reset; ended without close_notify it is seen as cut off.
  if (socket instanceof TLSSocket || socket.connecting || isShuttingDown) socket.destroy();
  else socket.resetAndDestroy();
}

import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ConnectionEnd, Tap } from '../taps/tap.ts';
import { RelaySide } from './relay-side.ts';

/** A client's connection, and the connection to the server that was made for it. */
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
  /** No connection to the server came to be, for this reason; the client will be reset. */
  readonly onUnreachable?: ((error: Error) => void) | undefined;
}

/**
 * Joins two sockets byte for byte, with back-pressure, half-close and reset in both directions. The tap sees each
 * chunk after it was handed on, so that nothing it does can hold one up.
 */
export function relayConnection(pair: Pair, onClosed: (end: ConnectionEnd) => void): RelayedConnection {
  const { client, upstream, tap, nowNs } = pair;
  let end: ConnectionEnd | undefined;
  let isConnected = false;
  let isBroken = false;
  let isClosed = false;
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    tap.closed(end ?? 'incomplete', nowNs());
    onClosed(end ?? 'incomplete');
  };
  // A socket is gone with its error already: Node has emitted no 'close' behind one before, and the record was lost.
  const gone = new Set<Socket>();
  const onGone = (socket: Socket): void => {
    gone.add(socket);
    if (gone.size === 2) close();
  };
  /** Only the first break is a cause; what breaks behind it was broken by us. */
  const onBroken = (reason: ConnectionEnd, isStronger: boolean): void => {
    if (isBroken) return;
    isBroken = true;
    if (end === undefined || isStronger) end = reason;
  };
  upstream.once(upstream instanceof TLSSocket ? 'secureConnect' : 'connect', () => {
    isConnected = true;
  });
  const fromClient: Direction = {
    nowNs,
    onData: (chunk, atNs) => tap.fromClient(chunk, atNs),
    onEnd: () => {
      end ??= 'client_aborted'; // only if something is still in flight when all is over
    },
    onBroken: () => onBroken('client_aborted', false),
    onGone: () => onGone(client),
  };
  const fromServer: Direction = {
    nowNs,
    // What the client can't get any more is no answer; but what it sent was sent, whoever took it.
    onData: (chunk, atNs) => {
      if (!clientSide.isDeaf) tap.fromServer(chunk, atNs);
    },
    onEnd: () => {
      end ??= 'incomplete';
      tap.serverEnded(nowNs());
    },
    onBroken: (error) => {
      if (isConnected) onBroken('upstream_reset', end === 'client_aborted');
      else {
        onBroken('upstream_unreachable', true);
        if (error) pair.onUnreachable?.(error);
      }
    },
    onGone: () => onGone(upstream),
  };
  const [clientSide, upstreamSide] = joinSides(client, upstream, fromClient, fromServer);
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
      for (const side of [clientSide, upstreamSide]) {
        side.socket.unref(); // the process may end, even if this one does not
        side.reset();
      }
    },
    abandon: close,
  };
}

/** What one direction of a relayed connection tells. */
interface Direction {
  readonly nowNs: () => number;
  onData(chunk: Buffer, atNs: number): void;
  /** Closed properly; all that came before was handed on. */
  onEnd(): void;
  /** Reset, or failed in another way. */
  onBroken(error?: Error): void;
  /** The socket is no more. */
  onGone(): void;
}

function joinSides(client: Socket, upstream: Socket, up: Direction, down: Direction): [RelaySide, RelaySide] {
  const clientSide: RelaySide = new RelaySide(client, {
    onEnd: (isReset) => onSideEnd(clientSide, upstreamSide, up, isReset),
    onDeaf: () => onSideDeaf(clientSide, upstreamSide, up),
  });
  const upstreamSide: RelaySide = new RelaySide(upstream, {
    onEnd: (isReset) => onSideEnd(upstreamSide, clientSide, down, isReset),
    onDeaf: () => onSideDeaf(upstreamSide, clientSide, down),
  });
  join(clientSide, upstreamSide, up);
  join(upstreamSide, clientSide, down);
  return [clientSide, upstreamSide];
}

/** Moves the bytes of one direction. */
function join(from: RelaySide, to: RelaySide, direction: Direction): void {
  const { socket } = from;
  const { nowNs } = direction;
  socket.on('data', (chunk: Buffer) => {
    const atNs = nowNs();
    if (!to.write(chunk, atNs)) socket.pause();
    direction.onData(chunk, atNs);
  });
  to.socket.on('drain', () => socket.resume());
  socket.on('error', (error) => {
    direction.onBroken(error);
    to.resetBehind(nowNs());
    direction.onGone();
  });
  socket.on('close', () => {
    if (!isEnded(socket)) to.resetBehind(nowNs());
    direction.onGone();
  });
}

/** Hands on the end of a side, in the way it came, when the last byte before it was handed on. */
function onSideEnd(from: RelaySide, to: RelaySide, direction: Direction, isReset: boolean): void {
  if (isReset) direction.onBroken();
  else {
    direction.onEnd();
    to.socket.end();
  }
  if (isReset || from.isDeaf) leave(from, to, direction);
}

/** A side takes nothing more: what the other side says goes nowhere, so that it is not held up. */
function onSideDeaf(from: RelaySide, to: RelaySide, direction: Direction): void {
  to.socket.resume();
  if (from.socket.readableEnded) leave(from, to, direction);
}

/** Ends both directions of a side: nothing comes from it any more, and nothing can be sent there. */
function leave(from: RelaySide, to: RelaySide, direction: Direction): void {
  from.socket.destroy();
  to.resetBehind(direction.nowNs());
}

/** Closed properly in both directions: then the other socket has its end coming, behind what it has yet to write. */
function isEnded(socket: Socket): boolean {
  return socket.readableEnded && socket.writableFinished;
}

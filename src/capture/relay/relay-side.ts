import { readSync, writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { joinPausedPieces } from './join-paused-pieces.ts';
import { lastingFrom, shareReads } from './share-reads.ts';

/** The last bytes get so long to reach the other end, before a reset throws away what it has not taken. */
const LINGER_MS = 200;
/** Until when they must have left for the kernel; an other end that does not read is reset all the same. */
const FLUSH_MS = 5_000;
const CHECK_MS = 50;
/**
 * Node counts what waits in a socket by its bytes, and a piece costs some hundred bytes even if it holds one. So few
 * pieces wait to be written, and a socket that is paused reads on no further than its next piece.
 */
const MAX_WAITING_WRITES = 64;
const MAX_READ_AHEAD_BYTES = 1;

type Done = (error?: Error | null) => void;

interface SideHandlers {
  /** No more comes, and all that came was read. Reset, or closed properly? */
  onEnd(isReset: boolean): void;
  /** The other end takes nothing more. What it said before is still to be read, and `onEnd` to come. */
  onDeaf(): void;
}

/**
 * One of the two sockets of a relayed connection, told apart as the kernel can and a `Socket` alone does not:
 * what the other end said before it reset is read to its end, and a reset is never taken for a proper end.
 */
export class RelaySide {
  readonly socket: Socket;
  readonly #handlers: SideHandlers;
  #readError: NodeJS.ErrnoException | undefined;
  #writeError: NodeJS.ErrnoException | undefined;
  /** The kernel's answer to what was written at once; the stream is told it as that of its own write. */
  #refusal: NodeJS.ErrnoException | undefined;
  readonly #isPlain: boolean;
  readonly #state: SocketState;
  #lastWriteNs = Number.NEGATIVE_INFINITY;
  #waitingWrites = 0;
  #isLeaving = false;

  constructor(socket: Socket, handlers: SideHandlers) {
    this.socket = socket;
    this.#handlers = handlers;
    this.#state = stateOf(socket);
    this.#state._readableState.highWaterMark = MAX_READ_AHEAD_BYTES;
    this.#outliveFailedWrites();
    this.#outliveFailedReads();
    this.#isPlain = !(socket instanceof TLSSocket);
    if (socket instanceof TLSSocket) joinPausedPieces(socket);
    else shareReads(socket);
    socket.on('end', () => handlers.onEnd(this.#wasReset()));
  }

  /** A write has failed, or all is over: the other end takes nothing more. */
  get isDeaf(): boolean {
    return this.#writeError !== undefined || this.socket.destroyed;
  }

  /**
   * Whether more may be written at once. What can't reach the other end any more is thrown away. The chunk need not last:
   * the kernel takes it, mostly all of it, and what it leaves is copied where its memory is shared.
   */
  write(chunk: Buffer, atNs: number): boolean {
    // Not `isDeaf`: what a stream says of itself costs a good part of what the call to the kernel does.
    if (this.#writeError !== undefined) return true;
    this.#lastWriteNs = atNs;
    const isWaiting = this.#state._writableState.length > 0;
    const takenBytes = isWaiting ? 0 : this.#writeNow(chunk);
    if (takenBytes === chunk.length || this.isDeaf) return true;
    this.#waitingWrites = isWaiting ? this.#waitingWrites + 1 : 0;
    const isTaken = this.socket.write(lastingFrom(chunk, takenBytes));
    return (isTaken && !this.#isFullOfPieces()) || this.isDeaf;
  }

  /**
   * Has the kernel take what it can, and returns how much that was. The way through the stream costs a third of what the
   * call itself does, an object and a turn of the loop.
   */
  #writeNow(chunk: Buffer): number {
    const { socket } = this;
    // A socket that was destroyed has no handle.
    const fd = (socket as { _handle?: Handle | null })._handle?.fd ?? -1;
    if (!this.#isPlain || fd < 0 || socket.connecting || socket.writableEnded) return 0;
    try {
      return writeSync(fd, chunk);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EAGAIN') this.#refusal = thrown as Error;
      return 0;
    }
  }

  /** Then a 'drain' is asked for, as Node itself does where the bytes are too many. */
  #isFullOfPieces(): boolean {
    if (this.#waitingWrites < MAX_WAITING_WRITES || this.socket.writableLength === 0) return false;
    this.#state._writableState.needDrain = true;
    return this.socket.writableNeedDrain;
  }

  /**
   * Resets the connection once the other end had time to read what was said to it. Until then what it sends is read,
   * as it may have to get rid of that first.
   */
  resetBehind(nowNs: number): void {
    const { socket } = this;
    if (this.#isLeaving || socket.destroyed) return;
    this.#isLeaving = true;
    const isSettled = socket.writableLength === 0 && nowNs - this.#lastWriteNs > LINGER_MS * 1e6;
    if (this.isDeaf || isSettled) {
      this.reset();
      return;
    }
    let quietMs = 0;
    let waitedMs = 0;
    const timer = setInterval(() => {
      waitedMs += CHECK_MS;
      quietMs = socket.writableLength === 0 ? quietMs + CHECK_MS : 0;
      if (quietMs > LINGER_MS || waitedMs > FLUSH_MS) this.reset();
    }, CHECK_MS);
    socket.once('close', () => clearInterval(timer));
    socket.resume();
  }

  /**
   * Drops the connection so that the other end sees a reset. While a shutdown is under way libuv refuses to reset, and
   * Node then emits an 'error', never a 'close', and keeps the descriptor for good; on a connection that is being made
   * it waits. Both are closed instead.
   */
  reset(): void {
    const { socket } = this;
    if (socket.destroyed) return;
    const isShuttingDown = socket.writableEnded && !socket.writableFinished;
    const connection = connectionOf(socket);
    if (connection === undefined || socket.connecting || isShuttingDown) socket.destroy();
    else connection.resetAndDestroy();
  }

  /** Node would destroy the socket, and with it what is still to be read. The write is left pending instead. */
  #outliveFailedWrites(): void {
    const { socket } = this;
    const { _write: write, _writev: writev } = socket;
    let guardedDone: Done | undefined;
    let guard: Done | undefined;
    // A stream gives all its writes the same function: one guard for it is enough.
    const guardOf = (done: Done): Done => {
      if (guard === undefined || done !== guardedDone) {
        guardedDone = done;
        guard = (error) => (error && !socket.destroyed ? this.#onWriteError(error) : done(error));
      }
      return guard;
    };
    socket._write = (chunk, encoding, done) => {
      if (this.#refusal === undefined) write.call(socket, chunk, encoding, guardOf(done));
      else this.#onWriteError(this.#refusal);
    };
    if (writev) socket._writev = (chunks, done) => writev.call(socket, chunks, guardOf(done));
  }

  #onWriteError(error: NodeJS.ErrnoException): void {
    if (this.#writeError !== undefined) return;
    this.#writeError = error;
    if (this.#isLeaving) this.reset();
    else this.#handlers.onDeaf();
  }

  /** Node would throw away what was read before and waits for the other side to take it. */
  #outliveFailedReads(): void {
    const { socket } = this;
    const { destroy } = socket;
    socket.destroy = (error?: NodeJS.ErrnoException) => {
      const isWaitedFor = socket.readableLength > 0 && !this.#isLeaving;
      if (error?.syscall !== 'read' || !isWaitedFor) return destroy.call(socket, error);
      this.#readError = error;
      socket.push(null);
      return socket;
    };
  }

  /** At its 'end'. A write that hits a reset takes the kernel's word of it, and EPIPE means a proper end came first. */
  #wasReset(): boolean {
    if (this.#readError !== undefined) return true;
    if (this.#writeError !== undefined) return this.#writeError.code !== 'EPIPE';
    return isResetByKernel(this.socket);
  }
}

/** The state of a socket that Node has no public name for, once a server has made it. */
interface SocketState {
  readonly _readableState: { highWaterMark: number };
  readonly _writableState: { needDrain: boolean; readonly length: number };
}

function stateOf(socket: Socket): SocketState {
  return socket as unknown as SocketState;
}

const ONE_BYTE = Buffer.alloc(1);

interface Handle {
  readonly fd?: number;
  getpeername?(out: object): number;
}

/**
 * libuv reports an end where data and a reset are found together (its short cut for POLLHUP), without reading the
 * error. Reading once more, there is nothing to be read but this error, or the end again. Under TLS a write may have
 * met the error first and kept it to itself: then that write stays pending, and the connection is no more.
 */
function isResetByKernel(socket: Socket): boolean {
  const handle = (socket as { _handle?: Handle | null })._handle;
  const fd = handle?.fd ?? -1;
  if (fd < 0) return false;
  try {
    readSync(fd, ONE_BYTE, 0, 1, null);
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'ECONNRESET';
  }
  return socket instanceof TLSSocket && socket.writableLength > 0 && handle?.getpeername?.({}) !== 0;
}

/** The TCP connection below; a TLS socket has no way to reset it. */
export function connectionOf(socket: Socket): Socket | undefined {
  return socket instanceof TLSSocket ? (socket as { _parent?: Socket })._parent : socket;
}

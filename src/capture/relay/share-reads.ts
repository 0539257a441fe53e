import type { Socket } from 'node:net';
import { Readable } from 'node:stream';

/** What libuv reads at once where nobody says anything else. */
const READ_BYTES = 64 * 1024;

/** Every socket of the process that shares its reads is read into this; one is done with before the next is read. */
const shared = Buffer.allocUnsafeSlow(READ_BYTES);

/**
 * Has a TCP socket read into memory that all such sockets share, where Node allocates 64 KiB for each read: that was most
 * of the garbage of a relay. What comes is told by 'data' as ever, but is good only until the listeners return. It does
 * what the option `onread` does, which a socket that a server accepted can't be given, and one thing more: a socket that is
 * paused reads on to its next piece, so that a reset is noticed. Where Node does not let it, nothing changes.
 */
export function shareReads(socket: Socket): void {
  const { _handle: handle } = socket as { _handle?: Handle | null };
  socketNames ??= namesOf(socket);
  const names = socketNames;
  if (names === undefined || typeof handle?.useUserBuffer !== 'function') return;
  const fields = socket as unknown as Record<symbol, unknown>;
  let isPaused = socket.isPaused();
  fields[names.buffer] = shared;
  fields[names.callback] = (length: number): boolean => {
    const chunk = shared.subarray(0, length);
    if (isPaused) return socket.push(copyOf(chunk));
    socket.emit('data', chunk);
    return true;
  };
  const { resume } = socket;
  socket.resume = () => {
    isPaused = false;
    return resume.call(socket);
  };
  socket.pause = () => {
    isPaused = true;
    return Readable.prototype.pause.call(socket) as typeof socket; // that of a socket with a buffer stops reading at once
  };
  handle.useUserBuffer(shared);
}

/** The bytes of a chunk from one on, in memory that lasts: a whole chunk that TLS has read has its own. */
export function lastingFrom(chunk: Buffer, from: number): Buffer {
  return from === 0 && chunk.buffer !== shared.buffer ? chunk : copyOf(chunk, from);
}

/** Copies to memory of their own: a slab of Node's pool would be kept for a few bytes. */
function copyOf(chunk: Buffer, from = 0): Buffer {
  const copy = Buffer.allocUnsafeSlow(chunk.length - from);
  chunk.copy(copy, 0, from);
  return copy;
}

interface Handle {
  useUserBuffer?(buffer: Buffer): void;
}

/** Under which names a socket keeps what `onread` gave it. */
interface SocketNames {
  readonly buffer: symbol;
  readonly callback: symbol;
}

let socketNames: SocketNames | undefined;

function namesOf(socket: Socket): SocketNames | undefined {
  const named = (name: string): symbol | undefined =>
    Object.getOwnPropertySymbols(socket).find(({ description }) => description === name);
  const [buffer, callback] = [named('kBuffer'), named('kBufferCb')];
  return buffer === undefined || callback === undefined ? undefined : { buffer, callback };
}

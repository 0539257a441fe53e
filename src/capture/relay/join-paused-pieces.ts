import type { TLSSocket } from 'node:tls';

/** A piece this large is worth an object of its own; smaller ones are copied together, up to this size. */
const LARGE_BYTES = 4 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * Joins the small pieces that come to a paused socket. What was read from the kernel at once may hold thousands of TLS
 * records, and Node hands on each of them whatever the stream says: at one byte each they cost five hundred times that.
 */
export function joinPausedPieces(socket: TLSSocket): void {
  const { push } = socket;
  let held = NOTHING;
  let heldBytes = 0;
  const letGo = (): void => {
    if (heldBytes === 0) return;
    const joined = held.subarray(0, heldBytes);
    held = NOTHING;
    heldBytes = 0;
    push.call(socket, joined);
  };
  socket.push = (chunk: Buffer | null, encoding) => {
    // The first one is never held: that something waits is seen by the stream.
    const isHeld = chunk !== null && chunk.length < LARGE_BYTES && socket.isPaused();
    if (!isHeld || socket.readableLength === 0) {
      letGo();
      return push.call(socket, chunk, encoding);
    }
    if (heldBytes + chunk.length > held.length) {
      letGo();
      held = Buffer.allocUnsafeSlow(LARGE_BYTES);
    }
    heldBytes += chunk.copy(held, heldBytes);
    return false;
  };
  socket.on('resume', letGo);
}

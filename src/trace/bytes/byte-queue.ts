/** Bytes of a file or pipe, looked at before they are taken. Holds no more than was asked for, plus one chunk. */
export interface ByteQueue {
  /** The place of the next byte, from the start of the source. */
  readonly offset: number;
  /** Bytes at hand. */
  readonly available: number;
  /** Waits until `sizeBytes` are at hand; false where the source ends before that. */
  ensure(sizeBytes: number): Promise<boolean>;
  /** All bytes at hand; valid until the next call of anything. */
  peek(): Buffer;
  /** Removes bytes at hand and returns a copy. */
  take(sizeBytes: number): Uint8Array<ArrayBuffer>;
  /** Passes over bytes without keeping them; returns how many there were. */
  discard(sizeBytes: number): Promise<number>;
  /** Passes on all that is left, in chunks; the queue is used up then. */
  rest(): AsyncGenerator<Uint8Array>;
  close(): Promise<void>;
}

/** `onClose` ends the source where its iterator can't: while it waits for a pipe. */
export function createByteQueue(source: AsyncIterable<Uint8Array>, onClose?: () => void): ByteQueue {
  const chunks = source[Symbol.asyncIterator]();
  let buffer = Buffer.allocUnsafe(0);
  let start = 0;
  let end = 0;
  let offset = 0;
  let ended = false;

  const append = (chunk: Uint8Array) => {
    const held = end - start;
    if (end + chunk.length > buffer.length) {
      const needed = held + chunk.length;
      const room = needed > buffer.length / 2 ? Buffer.allocUnsafeSlow(Math.max(needed * 2, 65536)) : buffer;
      buffer.copy(room, 0, start, end);
      buffer = room;
      start = 0;
      end = held;
    }
    buffer.set(chunk, end);
    end += chunk.length;
  };
  const pull = async (): Promise<Uint8Array | undefined> => {
    if (ended) return undefined;
    const next = await chunks.next();
    if (!next.done) return next.value;
    ended = true;
    return undefined;
  };
  const pass = (sizeBytes: number) => {
    start += sizeBytes;
    offset += sizeBytes;
  };
  const ensure = async (sizeBytes: number) => {
    while (end - start < sizeBytes) {
      const chunk = await pull();
      if (!chunk) return false;
      append(chunk);
    }
    return true;
  };
  return {
    get offset() {
      return offset;
    },
    get available() {
      return end - start;
    },
    ensure,
    peek: () => buffer.subarray(start, end),
    take(sizeBytes) {
      const copy = new Uint8Array(Buffer.allocUnsafeSlow(sizeBytes).buffer);
      buffer.copy(copy, 0, start, start + sizeBytes);
      pass(sizeBytes);
      return copy;
    },
    async discard(sizeBytes) {
      const atHand = Math.min(sizeBytes, end - start);
      pass(atHand);
      let passed = atHand;
      while (passed < sizeBytes) {
        const chunk = await pull();
        if (!chunk) break;
        append(chunk);
        const more = Math.min(sizeBytes - passed, end - start);
        pass(more);
        passed += more;
      }
      return passed;
    },
    async *rest() {
      if (end > start) yield new Uint8Array(buffer.subarray(start, end));
      pass(end - start);
      for (let chunk = await pull(); chunk; chunk = await pull()) {
        offset += chunk.length;
        yield chunk;
      }
    },
    async close() {
      ended = true;
      if (onClose) onClose();
      else await chunks.return?.();
    },
  };
}

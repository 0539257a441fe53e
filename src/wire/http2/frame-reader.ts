import { malformed } from '../malformed.ts';
import { FLAG, FRAME, FRAME_HEADER_BYTES, MAX_FRAME_BYTES, readUint31 } from './frames.ts';

/** What a peer's frames say. Bytes come as a range of a buffer that is used again: nothing may be kept of it. */
export interface PeerFrameHandler {
  /** `flowBytes` is what the frame takes from the windows, padding included. */
  data(streamId: number, bytes: Buffer, from: number, to: number, flowBytes: number, isEnd: boolean): void;
  /** Takes a whole header block, continuations joined. */
  headers(streamId: number, bytes: Buffer, from: number, to: number, isEnd: boolean): void;
  reset(streamId: number, errorCode: number): void;
  /** Takes whole settings, six bytes each; no acknowledgement. */
  settings(bytes: Buffer, from: number, to: number): void;
  /** Takes a ping, which is to be answered with the same eight bytes. */
  ping(bytes: Buffer, from: number): void;
  goAway(lastStreamId: number, errorCode: number, text: string): void;
  windowUpdate(streamId: number, increment: number): void;
}

/** Longest header block read, in bytes: the frames of a longer one are not waited for. */
const MAX_BLOCK_BYTES = 256 * 1024;
const MAX_CONTINUATIONS = 256;
/** Sizes that frames of fixed size must have (RFC 9113 §6), by type. */
const FIXED_SIZES: readonly (number | undefined)[] = [
  ...[undefined, undefined, 5, 4, undefined, undefined, 8, undefined, 4, undefined],
];
/** Whether frames belong to a stream (true), to the connection (false) or either (undefined), by type. */
const NEEDS_STREAM: readonly (boolean | undefined)[] = [
  ...[true, true, true, true, false, true, false, false, undefined, true],
];

interface OpenBlock {
  streamId: number;
  isEnd: boolean;
  parts: Buffer[];
  bytes: number;
}

/**
 * Reads what a peer sends on an HTTP/2 connection, after a client's preface, strictly (RFC 9113 §4, §6): throws
 * `malformed` at the first thing that is not allowed. Frames that are whole in a chunk are read where they are; only one
 * that is broken off is copied.
 */
export class FrameReader {
  readonly #sink: PeerFrameHandler;
  readonly #held = Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES + MAX_FRAME_BYTES);
  #heldBytes = 0;
  #block: OpenBlock | undefined;
  #hasBegun = false;
  #isStopped = false;

  constructor(sink: PeerFrameHandler) {
    this.#sink = sink;
  }

  /** Reads nothing more, not even what is left of a chunk being read. */
  stop(): void {
    this.#isStopped = true;
  }

  push(chunk: Buffer, length: number): void {
    let at = this.#heldBytes > 0 ? this.#complete(chunk, length) : 0;
    while (length - at >= FRAME_HEADER_BYTES && !this.#isStopped) {
      const end = at + FRAME_HEADER_BYTES + frameSize(chunk, at);
      if (end > length) break;
      this.#frame(chunk, at, end);
      at = end;
    }
    if (at < length && !this.#isStopped) {
      chunk.copy(this.#held, this.#heldBytes, at, length);
      this.#heldBytes += length - at;
    }
  }

  /** Adds to a frame that began in an earlier chunk. Returns how much of this one it took. */
  #complete(chunk: Buffer, length: number): number {
    let at = 0;
    while (at < length) {
      const isHeader = this.#heldBytes < FRAME_HEADER_BYTES;
      const want = FRAME_HEADER_BYTES + (isHeader ? 0 : frameSize(this.#held, 0));
      const take = Math.min(length - at, want - this.#heldBytes);
      chunk.copy(this.#held, this.#heldBytes, at, at + take);
      this.#heldBytes += take;
      at += take;
      if (this.#heldBytes < want) break;
      if (isHeader && frameSize(this.#held, 0) > 0) continue;
      this.#heldBytes = 0;
      this.#frame(this.#held, 0, want);
      break;
    }
    return at;
  }

  #frame(bytes: Buffer, start: number, end: number): void {
    const type = bytes[start + 3] as number;
    const flags = bytes[start + 4] as number;
    const streamId = readUint31(bytes, start + 5);
    const from = start + FRAME_HEADER_BYTES;
    this.#check(type, flags, streamId, end - from);
    if (type === FRAME.data) this.#data(bytes, from, end, flags, streamId);
    else if (type === FRAME.headers) this.#headers(bytes, from, end, flags, streamId);
    else this.#control(type, flags, streamId, bytes, from, end);
  }

  #check(type: number, flags: number, streamId: number, size: number): void {
    const block = this.#block;
    // A header block is never interrupted (§6.10).
    if ((type === FRAME.continuation) !== (block !== undefined)) {
      throw malformed('HTTP/2', 'a header block out of order');
    }
    if (block !== undefined && block.streamId !== streamId) {
      throw malformed('HTTP/2', 'a header block on two streams');
    }
    if (!this.#hasBegun) {
      if (type !== FRAME.settings || (flags & FLAG.ack) !== 0) throw malformed('HTTP/2', 'no SETTINGS first');
      this.#hasBegun = true;
    }
    const needsStream = NEEDS_STREAM[type];
    if (needsStream !== undefined && needsStream !== streamId > 0) {
      throw malformed('HTTP/2', `a frame of type ${type} on stream ${streamId}`);
    }
    const fixed = FIXED_SIZES[type];
    if (fixed !== undefined && fixed !== size) {
      throw malformed('HTTP/2', `a frame of type ${type} with ${size} bytes`);
    }
  }

  #data(bytes: Buffer, from: number, end: number, flags: number, streamId: number): void {
    const isPadded = (flags & FLAG.padded) !== 0;
    const at = isPadded ? from + 1 : from;
    const to = isPadded ? end - padding(bytes, from, end) : end;
    if (at > to) throw malformed('HTTP/2', 'more padding than frame');
    this.#sink.data(streamId, bytes, at, to, end - from, (flags & FLAG.endStream) !== 0);
  }

  #headers(bytes: Buffer, from: number, end: number, flags: number, streamId: number): void {
    let at = from;
    let to = end;
    if ((flags & FLAG.padded) !== 0) {
      at += 1;
      to -= padding(bytes, from, end);
    }
    if ((flags & FLAG.priority) !== 0) at += 5;
    if (at > to) throw malformed('HTTP/2', 'more padding than frame');
    const isEnd = (flags & FLAG.endStream) !== 0;
    if ((flags & FLAG.endHeaders) !== 0) this.#sink.headers(streamId, bytes, at, to, isEnd);
    else this.#block = { streamId, isEnd, parts: [Buffer.from(bytes.subarray(at, to))], bytes: to - at };
  }

  #continuation(bytes: Buffer, from: number, end: number, flags: number): void {
    const block = this.#block as OpenBlock;
    block.parts.push(Buffer.from(bytes.subarray(from, end)));
    block.bytes += end - from;
    if (block.bytes > MAX_BLOCK_BYTES || block.parts.length > MAX_CONTINUATIONS) {
      throw malformed('HTTP/2', 'a header block too long');
    }
    if ((flags & FLAG.endHeaders) === 0) return;
    this.#block = undefined;
    this.#sink.headers(block.streamId, Buffer.concat(block.parts, block.bytes), 0, block.bytes, block.isEnd);
  }

  #control(type: number, flags: number, streamId: number, bytes: Buffer, from: number, end: number): void {
    const isAck = (flags & FLAG.ack) !== 0;
    if (type === FRAME.reset) this.#sink.reset(streamId, bytes.readUInt32BE(from));
    else if (type === FRAME.windowUpdate) this.#sink.windowUpdate(streamId, readUint31(bytes, from));
    else if (type === FRAME.settings) this.#settings(bytes, from, end, isAck);
    else if (type === FRAME.goAway) this.#goAway(bytes, from, end);
    else if (type === FRAME.continuation) this.#continuation(bytes, from, end, flags);
    else if (type === FRAME.ping && !isAck) this.#sink.ping(bytes, from);
    else if (type === FRAME.pushPromise) throw malformed('HTTP/2', 'a pushed stream, which was not allowed');
    // PRIORITY, and types to come, say nothing to us.
  }

  #settings(bytes: Buffer, from: number, end: number, isAck: boolean): void {
    if ((end - from) % 6 !== 0 || (isAck && end > from)) {
      throw malformed('HTTP/2', 'a SETTINGS of the wrong size');
    }
    if (!isAck) this.#sink.settings(bytes, from, end);
  }

  #goAway(bytes: Buffer, from: number, end: number): void {
    if (end - from < 8) throw malformed('HTTP/2', 'a GOAWAY of the wrong size');
    const text = bytes.toString('latin1', from + 8, Math.min(end, from + 208));
    this.#sink.goAway(readUint31(bytes, from), bytes.readUInt32BE(from + 4), text);
  }
}

function frameSize(bytes: Buffer, at: number): number {
  const size = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
  if (size > MAX_FRAME_BYTES) throw malformed('HTTP/2', `a frame of ${size} bytes`);
  return size;
}

function padding(bytes: Buffer, from: number, end: number): number {
  if (from >= end) throw malformed('HTTP/2', 'padding without a length');
  return bytes[from] as number;
}

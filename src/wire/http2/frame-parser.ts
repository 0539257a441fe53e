import { type ByteRoom, ENDLESS_ROOM, outOfRoom } from '../byte-room.ts';
import { malformed } from '../malformed.ts';
import { PieceJoiner } from '../piece-joiner.ts';
import { CONNECTION_PREFACE, FLAG, FRAME, FRAME_HEADER_BYTES } from './frames.ts';

/** Hears what a parser reads, in the order of the bytes. `startNs` is when the first byte of the frame came. */
export interface FrameHandler {
  /** A whole header block, continuations joined. `promisedId` is set for PUSH_PROMISE. */
  onHeaders(streamId: number, block: Buffer, endStream: boolean, startNs: number, promisedId: number): void;
  /** Bytes of DATA frames, padding removed; `view` may be empty. `endStream` comes with the last ones of the stream. */
  onData(streamId: number, view: Buffer, endStream: boolean): void;
  onReset(streamId: number, errorCode: number): void;
  /** The peer processes no stream above this one (GOAWAY). */
  onGoaway(lastStreamId: number): void;
  /** One setting of a SETTINGS frame that is no acknowledgement. */
  onSetting(id: number, value: number): void;
}

/** Longest header block kept, and longest frame kept whole, in bytes. */
const MAX_BLOCK_BYTES = 256 * 1024;
/** DATA is never kept, so its frames may have any length the peers agree on. */
const MAX_CONTINUATIONS = 1024;
/** What a frame that is kept costs beyond its bytes. */
const KEPT_FRAME_BYTES = 256;
const NOTHING = Buffer.alloc(0);

/** `HTTP`, read as the head of a frame: a server that knows no HTTP/2 says so in HTTP/1. */
const LENGTH_OF_HTTP1 = 0x485454;
const TYPE_OF_HTTP1 = 0x50;

interface OpenBlock {
  streamId: number;
  promisedId: number;
  endStream: boolean;
  startNs: number;
  parts: Buffer[];
  bytes: number;
}

/**
 * An incremental parser of one direction of an HTTP/2 connection (RFC 9113 §4, §6): bytes in, callbacks out.
 * It reads what says something about calls and skips the rest; throws `malformed` at what is no HTTP/2.
 */
export class FrameParser {
  readonly #handler: FrameHandler;
  readonly #room: ByteRoom;
  readonly #data = new PieceJoiner((view) => this.#handler.onData(this.#dataStreamId, view, false));
  /** The stream of the data that was joined last. */
  #dataStreamId = 0;
  readonly #header = Buffer.alloc(FRAME_HEADER_BYTES);
  #headerBytes = 0;
  #prefaceLeft: number;
  #startNs = 0;
  #type = 0;
  #flags = 0;
  #streamId = 0;
  #left = 0;
  /** Padding at the end of the DATA frame now open; undefined until its length has been read. */
  #padding: number | undefined;
  #payload: Buffer | undefined;
  #payloadBytes = 0;
  #block: OpenBlock | undefined;
  /** Taken for the frames of the open block and the one that is arriving. */
  #heldBytes = 0;

  constructor(
    handler: FrameHandler,
    direction: 'from-client' | 'from-server',
    room: ByteRoom = ENDLESS_ROOM,
  ) {
    this.#handler = handler;
    this.#room = room;
    this.#prefaceLeft = direction === 'from-client' ? CONNECTION_PREFACE.length : 0;
  }

  /** Reads on. `atNs` is when these bytes came. */
  push(chunk: Buffer, atNs: number): void {
    try {
      this.#read(chunk, atNs);
    } finally {
      this.#data.flush();
    }
  }

  /** Lets go of what it holds; it is of no use after. */
  release(): void {
    this.#payload = undefined;
    this.#block = undefined;
    this.#giveHeld();
  }

  #read(chunk: Buffer, atNs: number): void {
    let at = this.#prefaceLeft > 0 ? this.#skipPreface(chunk) : 0;
    while (at < chunk.length) {
      if (this.#headerBytes < FRAME_HEADER_BYTES) at = this.#readHeader(chunk, at, atNs);
      else if (this.#type === FRAME.data) at = this.#readData(chunk, at);
      else at = this.#readPayload(chunk, at);
    }
  }

  #skipPreface(chunk: Buffer): number {
    const length = Math.min(chunk.length, this.#prefaceLeft);
    const from = CONNECTION_PREFACE.length - this.#prefaceLeft;
    if (chunk.compare(CONNECTION_PREFACE, from, from + length, 0, length) !== 0) {
      throw malformed('HTTP/2', 'no connection preface');
    }
    this.#prefaceLeft -= length;
    return length;
  }

  #readHeader(chunk: Buffer, at: number, atNs: number): number {
    if (this.#headerBytes === 0) this.#startNs = atNs;
    const end = Math.min(chunk.length, at + FRAME_HEADER_BYTES - this.#headerBytes);
    chunk.copy(this.#header, this.#headerBytes, at, end);
    this.#headerBytes += end - at;
    if (this.#headerBytes === FRAME_HEADER_BYTES) this.#openFrame();
    return end;
  }

  #openFrame(): void {
    this.#left = this.#header.readUIntBE(0, 3);
    this.#type = this.#header[3] as number;
    this.#flags = this.#header[4] as number;
    this.#streamId = this.#header.readUInt32BE(5) & 0x7fffffff;
    this.#checkOrder();
    if (this.#type === TYPE_OF_HTTP1 && this.#left === LENGTH_OF_HTTP1) {
      throw malformed('HTTP/2', 'an answer of HTTP/1');
    }
    if (this.#type === FRAME.data) this.#openData();
    else {
      this.#data.flush();
      this.#openPayload();
    }
  }

  /** A header block is never interrupted (§6.10): what comes between is not HTTP/2. */
  #checkOrder(): void {
    const open = this.#block;
    const isContinuation = this.#type === FRAME.continuation;
    if (isContinuation !== (open !== undefined)) throw malformed('HTTP/2', 'a header block out of order');
    if (open !== undefined && open.streamId !== this.#streamId) {
      throw malformed('HTTP/2', 'a header block on two streams');
    }
    const needsStream = this.#type <= FRAME.reset || this.#type === FRAME.pushPromise || isContinuation;
    if (needsStream && this.#streamId === 0) throw malformed('HTTP/2', 'a stream frame without a stream');
  }

  #openData(): void {
    if (this.#streamId !== this.#dataStreamId) this.#data.flush();
    this.#dataStreamId = this.#streamId;
    this.#padding = (this.#flags & FLAG.padded) === 0 ? 0 : undefined;
    if (this.#left > 0) return;
    if (this.#padding === undefined) throw malformed('HTTP/2', 'padding without a length');
    this.#headerBytes = 0;
    if ((this.#flags & FLAG.endStream) !== 0) this.#endData(NOTHING);
  }

  #endData(view: Buffer): void {
    this.#data.flush();
    this.#handler.onData(this.#streamId, view, true);
  }

  #readData(chunk: Buffer, from: number): number {
    let at = from;
    if (this.#padding === undefined) {
      this.#padding = chunk[at++] as number;
      this.#left--;
      if (this.#padding > this.#left) throw malformed('HTTP/2', 'more padding than frame');
    }
    const available = Math.min(chunk.length - at, this.#left);
    const data = Math.max(0, Math.min(available, this.#left - this.#padding));
    this.#left -= available;
    const isLast = this.#left === 0;
    const endStream = isLast && (this.#flags & FLAG.endStream) !== 0;
    if (isLast) this.#headerBytes = 0;
    if (endStream) this.#endData(chunk.subarray(at, at + data));
    else this.#data.add(chunk, at, at + data);
    return at + available;
  }

  #openPayload(): void {
    if (!this.#isKept()) this.#payload = undefined;
    else {
      if (this.#left > MAX_BLOCK_BYTES) throw malformed('HTTP/2', 'a header or settings frame too long');
      this.#hold(this.#left + KEPT_FRAME_BYTES);
      this.#payload = Buffer.allocUnsafeSlow(this.#left);
    }
    this.#payloadBytes = 0;
    if (this.#left === 0) this.#closePayload();
  }

  #hold(bytes: number): void {
    const held = this.#heldBytes + bytes;
    if (!this.#room.grow(this.#heldBytes, held)) throw outOfRoom('a header or settings frame');
    this.#heldBytes = held;
  }

  #giveHeld(): void {
    this.#room.shrink(this.#heldBytes);
    this.#heldBytes = 0;
  }

  #isKept(): boolean {
    switch (this.#type) {
      case FRAME.headers:
      case FRAME.continuation:
      case FRAME.pushPromise:
      case FRAME.reset:
        return true;
      case FRAME.goAway:
        return this.#left <= MAX_BLOCK_BYTES;
      case FRAME.settings:
        return (this.#flags & FLAG.ack) === 0;
      default:
        return false; // PRIORITY, PING, WINDOW_UPDATE and types to come
    }
  }

  #readPayload(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#left);
    if (this.#payload !== undefined) chunk.copy(this.#payload, this.#payloadBytes, at, end);
    this.#payloadBytes += end - at;
    this.#left -= end - at;
    if (this.#left === 0) this.#closePayload();
    return end;
  }

  #closePayload(): void {
    this.#headerBytes = 0;
    const payload = this.#payload;
    this.#payload = undefined;
    if (payload === undefined) return;
    if (this.#type === FRAME.reset) {
      if (payload.length !== 4) throw malformed('HTTP/2', 'a RST_STREAM of the wrong size');
      this.#handler.onReset(this.#streamId, payload.readUInt32BE(0));
    } else if (this.#type === FRAME.settings) this.#onSettings(payload);
    else if (this.#type === FRAME.goAway) this.#onGoaway(payload);
    else if (this.#type === FRAME.continuation) this.#addToBlock(payload);
    else this.#openBlock(payload);
    if (this.#block === undefined) this.#giveHeld();
  }

  #onSettings(payload: Buffer): void {
    if (payload.length % 6 !== 0) throw malformed('HTTP/2', 'a SETTINGS of the wrong size');
    for (let at = 0; at < payload.length; at += 6) {
      this.#handler.onSetting(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
    }
  }

  /** Error code and debug data say nothing about calls. */
  #onGoaway(payload: Buffer): void {
    if (payload.length >= 8) this.#handler.onGoaway(payload.readUInt32BE(0) & 0x7fffffff);
  }

  #openBlock(payload: Buffer): void {
    let from = 0;
    let to = payload.length;
    if ((this.#flags & FLAG.padded) !== 0) to -= payload[from++] ?? 0;
    if (this.#type === FRAME.headers && (this.#flags & FLAG.priority) !== 0) from += 5;
    let promisedId = 0;
    if (this.#type === FRAME.pushPromise) {
      if (payload.length < from + 4) throw malformed('HTTP/2', 'a PUSH_PROMISE too short');
      promisedId = payload.readUInt32BE(from) & 0x7fffffff;
      from += 4;
    }
    if (from > to) throw malformed('HTTP/2', 'more padding than frame');
    const endStream = this.#type === FRAME.headers && (this.#flags & FLAG.endStream) !== 0;
    this.#block = {
      streamId: this.#streamId,
      promisedId,
      endStream,
      startNs: this.#startNs,
      parts: [],
      bytes: 0,
    };
    this.#addToBlock(payload.subarray(from, to));
  }

  #addToBlock(part: Buffer): void {
    const block = this.#block as OpenBlock;
    block.parts.push(part);
    block.bytes += part.length;
    if (block.bytes > MAX_BLOCK_BYTES || block.parts.length > MAX_CONTINUATIONS) {
      throw malformed('HTTP/2', 'a header block too long');
    }
    if ((this.#flags & FLAG.endHeaders) === 0) return;
    this.#block = undefined;
    const whole = block.parts.length === 1 ? part : Buffer.concat(block.parts, block.bytes);
    this.#handler.onHeaders(block.streamId, whole, block.endStream, block.startNs, block.promisedId);
  }
}

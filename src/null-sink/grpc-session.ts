import type { Socket } from 'node:net';
import { FrameReader, type PeerFrameHandler } from '../wire/http2/frame-reader.ts';
import {
  CONNECTION_PREFACE,
  FLAG,
  FRAME,
  frameOf,
  INITIAL_WINDOW_BYTES,
  MAX_WINDOW_BYTES,
  SETTING,
  uint32,
  writeUint32,
} from '../wire/http2/frames.ts';
import { malformed } from '../wire/malformed.ts';
import type { Answers } from './answers.ts';

/** `:status: 200` of the static table, then a literal that nobody has to remember (RFC 7541 §6.1, §6.2.2). */
const HEAD = Buffer.concat([Buffer.from([0x88]), literal('content-type', 'application/grpc')]);
const TRAILERS = literal('grpc-status', '0');
/** Where the three frames of an answer have their stream's number, before and behind its message. */
const HEAD_FRAME = frameOf(FRAME.headers, FLAG.endHeaders, 0, HEAD);
const END_FRAME = frameOf(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 0, TRAILERS);
/** What came and was not granted again, up to which nothing is. */
const GRANT_BYTES = 2 ** 30;

/**
 * The server's side of one connection of HTTP/2: takes every call and answers it as soon as it has ended, all that
 * came in one read in one write. It reads no header, and so needs no table of them.
 */
export class GrpcSession implements PeerFrameHandler {
  readonly #socket: Socket;
  readonly #answers: Pick<Answers, 'grpc'>;
  readonly #reader = new FrameReader(this);
  #prefaceLeft = CONNECTION_PREFACE.length;
  #out: Buffer[] = [];
  /** The messages of calls that have ended, by stream; those that the client's window stops wait here. */
  readonly #ended = new Map<number, Uint8Array>();
  #windowBytes = INITIAL_WINDOW_BYTES;
  #ungrantedBytes = 0;

  constructor(socket: Socket, answers: Pick<Answers, 'grpc'>) {
    this.#socket = socket;
    this.#answers = answers;
    this.#out.push(
      frameOf(FRAME.settings, 0, 0, settings([SETTING.initialWindowSize, MAX_WINDOW_BYTES])),
      frameOf(FRAME.windowUpdate, 0, 0, uint32(MAX_WINDOW_BYTES - INITIAL_WINDOW_BYTES)),
    );
    this.#write();
  }

  /** Reads on, and answers; throws `malformed` at what is no HTTP/2. */
  push(chunk: Buffer): void {
    const rest = this.#prefaceLeft > 0 ? this.#afterPreface(chunk) : chunk;
    this.#reader.push(rest, rest.length);
    this.#answer();
    this.#write();
  }

  #afterPreface(chunk: Buffer): Buffer {
    const from = CONNECTION_PREFACE.length - this.#prefaceLeft;
    const size = Math.min(chunk.length, this.#prefaceLeft);
    if (CONNECTION_PREFACE.compare(chunk, 0, size, from, from + size) !== 0) {
      throw malformed('HTTP/2', 'no connection preface');
    }
    this.#prefaceLeft -= size;
    return chunk.subarray(size);
  }

  headers(streamId: number, _bytes: Buffer, _from: number, _to: number, isEnd: boolean): void {
    if (isEnd) this.#ended.set(streamId, this.#answers.grpc());
  }

  data(
    streamId: number,
    _bytes: Buffer,
    _from: number,
    _to: number,
    flowBytes: number,
    isEnd: boolean,
  ): void {
    this.#ungrantedBytes += flowBytes;
    if (isEnd) this.#ended.set(streamId, this.#answers.grpc());
  }

  reset(streamId: number): void {
    this.#ended.delete(streamId);
  }

  settings(): void {
    this.#out.push(frameOf(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0)));
  }

  ping(bytes: Buffer, from: number): void {
    this.#out.push(frameOf(FRAME.ping, FLAG.ack, 0, bytes.subarray(from, from + 8)));
  }

  goAway(): void {}

  windowUpdate(streamId: number, increment: number): void {
    // No message is as long as the window that a stream has from the start.
    if (streamId === 0) this.#windowBytes += increment;
  }

  #answer(): void {
    for (const [streamId, message] of this.#ended) {
      if (message.length > this.#windowBytes) return;
      this.#ended.delete(streamId);
      this.#windowBytes -= message.length;
      this.#out.push(
        ofStream(HEAD_FRAME, streamId),
        frameOf(FRAME.data, 0, streamId, message),
        ofStream(END_FRAME, streamId),
      );
    }
  }

  #write(): void {
    if (this.#ungrantedBytes >= GRANT_BYTES) {
      this.#out.push(frameOf(FRAME.windowUpdate, 0, 0, uint32(this.#ungrantedBytes)));
      this.#ungrantedBytes = 0;
    }
    if (this.#out.length === 0) return;
    this.#socket.write(Buffer.concat(this.#out));
    this.#out = [];
  }
}

function ofStream(frame: Buffer, streamId: number): Buffer {
  const copy = Buffer.from(frame);
  writeUint32(copy, 5, streamId);
  return copy;
}

function settings([id, value]: [id: number, value: number]): Buffer {
  const payload = Buffer.alloc(6);
  payload.writeUInt16BE(id, 0);
  payload.writeUInt32BE(value, 2);
  return payload;
}

/** A field with its name, both shorter than 127 bytes. */
function literal(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}

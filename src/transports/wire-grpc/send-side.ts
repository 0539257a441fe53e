import type { Socket } from 'node:net';
import { emptyList } from '../../stable-shapes.ts';
import {
  FLAG,
  FRAME,
  INITIAL_WINDOW_BYTES,
  MAX_FRAME_BYTES,
  MAX_WINDOW_BYTES,
} from '../../wire/http2/frames.ts';
import { malformed } from '../../wire/malformed.ts';
import { OutBuffer } from './out-buffer.ts';
import { Outgoing } from './outgoing.ts';
import type { TurnEnd } from './turn-end.ts';
import type { WireCall } from './wire-call.ts';

/** Collected bytes that are written without waiting for the turn's end. */
const WRITE_BYTES = 256 * 1024;
/** Answers to pings and the like that may wait for a server that does not read. */
const MAX_BACKLOG_BYTES = 4 * 1024 * 1024;

/** The sending half of a connection: flow control as the server wants it, and one write for all that a turn brought. */
export class SendSide {
  /** A write is not finished: calls wait elsewhere, so that they count as sent only when they are. */
  isBlocked = false;
  readonly #socket: Socket;
  readonly #turnEnd: TurnEnd;
  readonly #onUnblocked: () => void;
  readonly #out = new OutBuffer();
  /** Calls that may have something to send now. One that its own window stops is asked again when that is wider. */
  readonly #pending = new Set<WireCall>();
  /**
   * Calls with bytes to send when the connection's window was used up, in the order they came. A wider window goes to
   * the first of them as far as it reaches, and nobody asks the others: where many wait for a slow server, asking each
   * at every write cost more than all that was sent.
   */
  readonly #starved = new Set<WireCall>();
  #untold = emptyList<WireCall>();
  /** Streams of which messages were taken since the last write. */
  #begun = emptyList<WireCall>();
  #windowBytes = INITIAL_WINDOW_BYTES;
  #streamWindowBytes = INITIAL_WINDOW_BYTES;
  #isDirty = false;
  #isStopped = false;

  constructor(socket: Socket, turnEnd: TurnEnd, onUnblocked: () => void) {
    this.#socket = socket;
    this.#turnEnd = turnEnd;
    this.#onUnblocked = onUnblocked;
  }

  /** Opens a call's stream, with its message where that fits. */
  start(call: WireCall): void {
    const { head, message, isCompressed } = call.prepared;
    this.#out.head(head, call.streamId);
    call.sendWindow = this.#streamWindowBytes;
    const size = message === undefined ? 0 : message.length + 5;
    if (message === undefined) call.outgoing = new Outgoing();
    else if (size <= MAX_FRAME_BYTES && size <= this.#windowBytes && size <= call.sendWindow) {
      this.#out.lastMessage(message, isCompressed, call.streamId);
      this.#windowBytes -= size;
      call.sendWindow -= size;
    } else {
      call.outgoing = Outgoing.ofOne(message, isCompressed);
      this.#pending.add(call);
    }
    this.#untold.push(call);
    this.#touch();
  }

  /** Hears that a call has more to send. */
  wrote(call: WireCall): void {
    this.#pending.add(call);
    this.#touch();
  }

  /** Ends a call's stream, after what can still be sent of it. */
  cut(call: WireCall, errorCode: number): void {
    if (!this.isBlocked && call.outgoing !== undefined) {
      this.#pump(call, call.outgoing);
      // It is over, and what was taken of it leaves with the end of it.
      call.messagesLeft();
    }
    this.number(FRAME.reset, call.streamId, errorCode);
  }

  forget(call: WireCall): void {
    if (call.outgoing === undefined) return;
    this.#pending.delete(call);
    this.#starved.delete(call);
  }

  number(type: number, streamId: number, value: number): void {
    this.#out.number(type, streamId, value);
    this.#touch();
  }

  raw(bytes: Uint8Array): void {
    if (this.#out.sizeBytes > MAX_BACKLOG_BYTES)
      throw malformed('HTTP/2', 'it asks and does not read the answers');
    this.#out.raw(bytes);
    this.#touch();
  }

  /** Hears that the server lets us send more: on the connection, or on a call's stream. */
  widen(call: WireCall | undefined, increment: number): void {
    if (call === undefined) {
      this.#windowBytes = widened(this.#windowBytes, increment);
      if (this.#starved.size > 0) this.#touch();
    } else {
      call.sendWindow = widened(call.sendWindow, increment);
      this.#askAgain(call);
    }
  }

  /** A call's own window is wider than it was. */
  #askAgain(call: WireCall): void {
    if ((call.outgoing?.pendingBytes ?? 0) === 0 || this.#starved.has(call)) return;
    this.#pending.add(call);
    this.#touch();
  }

  /** SETTINGS_INITIAL_WINDOW_SIZE changes the windows of open streams too, below zero if need be (RFC 9113 §6.9.2). */
  setStreamWindow(bytes: number, open: Iterable<WireCall>): void {
    if (bytes > MAX_WINDOW_BYTES) throw malformed('HTTP/2', `a window of ${bytes} bytes`);
    const change = bytes - this.#streamWindowBytes;
    this.#streamWindowBytes = bytes;
    for (const call of open) {
      call.sendWindow = widened(call.sendWindow, change);
      this.#askAgain(call);
    }
  }

  flush(): void {
    this.#isDirty = false;
    let isMore = true;
    while (isMore && !this.isBlocked && !this.#isStopped) {
      isMore = this.#pumpAll();
      this.#write();
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#pending.clear();
    this.#starved.clear();
    this.#untold = [];
    this.#begun = [];
  }

  #touch(): void {
    if (this.#isDirty) return;
    this.#isDirty = true;
    this.#turnEnd.add(this);
  }

  /** Returns whether it stopped because that is enough for one write. */
  #pumpAll(): boolean {
    for (const call of this.#starved) {
      if (this.#windowBytes <= 0) break;
      this.#pumpFrom(this.#starved, call);
      if (this.#isEnough) return true;
    }
    for (const call of this.#pending) {
      this.#pumpFrom(this.#pending, call);
      if (this.#isEnough) return true;
    }
    return false;
  }

  /** A write has its size. */
  get #isEnough(): boolean {
    return this.#out.sizeBytes >= WRITE_BYTES;
  }

  /** Sends what the windows let through of a call, and leaves it where it is asked again when there is more to send. */
  #pumpFrom(place: Set<WireCall>, call: WireCall): void {
    const { outgoing } = call;
    const isLeft = outgoing !== undefined && this.#pump(call, outgoing);
    if (!isLeft || call.sendWindow <= 0) place.delete(call);
    else if (this.#windowBytes <= 0 && place !== this.#starved) {
      place.delete(call);
      this.#starved.add(call);
    }
  }

  /** Sends what the windows let through. Returns whether bytes are left. */
  #pump(call: WireCall, outgoing: Outgoing): boolean {
    const { streamId } = call;
    if (call.stream !== undefined && outgoing.pendingBytes > 0) this.#begun.push(call);
    while (outgoing.pendingBytes > 0) {
      const size = Math.min(outgoing.pendingBytes, this.#windowBytes, call.sendWindow, MAX_FRAME_BYTES);
      if (size <= 0 || this.#isEnough) return true;
      const isLast = outgoing.isHalfClosed && size === outgoing.pendingBytes;
      this.#out.frame(FRAME.data, isLast ? FLAG.endStream : 0, streamId, size, (to, at) => {
        outgoing.take(size, to, at);
      });
      outgoing.isEnded ||= isLast;
      this.#windowBytes -= size;
      call.sendWindow -= size;
    }
    if (outgoing.isHalfClosed && !outgoing.isEnded) {
      outgoing.isEnded = true;
      this.#out.frame(FRAME.data, FLAG.endStream, streamId, 0);
    }
    return false;
  }

  #write(): void {
    const untold = this.#untold;
    if (untold.length > 0) {
      this.#untold = [];
      for (const call of untold) call.sent();
    }
    if (this.#begun.length > 0 && !this.#isStopped) this.#tellBegun();
    if (this.#out.sizeBytes === 0 || this.#isStopped) return;
    this.#socket.write(this.#out.take(), this.#written);
    // What the kernel took at once is done with, and its memory is free.
    if (this.#socket.writableLength === 0) return;
    this.isBlocked = true;
    this.#out.keep();
  }

  #tellBegun(): void {
    const begun = this.#begun;
    this.#begun = [];
    for (const call of begun) call.messagesLeft();
  }

  readonly #written = (): void => {
    if (!this.isBlocked || this.#isStopped || this.#socket.writableLength > 0) return;
    this.isBlocked = false;
    this.flush();
    if (!this.isBlocked) this.#onUnblocked();
  };
}

function widened(window: number, increment: number): number {
  if (window + increment > MAX_WINDOW_BYTES) throw malformed('HTTP/2', 'a window that overflows');
  return window + increment;
}

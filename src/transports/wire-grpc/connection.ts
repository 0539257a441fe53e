import type { Socket } from 'node:net';
import { EngramTraceError } from '../../error.ts';
import type { Clock, FailureCode } from '../../replay/ports.ts';
import { FrameReader, type PeerFrameHandler } from '../../wire/http2/frame-reader.ts';
import {
  CANCEL,
  errorName,
  FLAG,
  FRAME,
  frameOf,
  MAX_FRAME_BYTES,
  MAX_STREAM_ID,
  PROTOCOL_ERROR,
  SETTING,
} from '../../wire/http2/frames.ts';
import { malformed } from '../../wire/malformed.ts';
import { otherProtocol } from '../connect/other-protocol.ts';
import { AnswerHeads } from './answer-heads.ts';
import { type DialOptions, dial } from './dial.ts';
import { farewell, greeting } from './greeting.ts';
import { SendSide } from './send-side.ts';
import type { TurnEnd } from './turn-end.ts';
import type { CallCarrier, WireCall } from './wire-call.ts';
import type { ConnectionLoss } from './wire-outcome.ts';

/** Hears what becomes of a connection. */
export interface ConnectionEvents {
  /** Hears that it is open, or has room again where it had none. */
  hasRoom(connection: Connection): void;
  /** Hears that it takes no more calls; those that are open on it go on. */
  retired(connection: Connection): void;
  /** Hears that it is gone, before the calls on it do. */
  gone(connection: Connection, loss: ConnectionLoss): void;
}

export interface ConnectionOptions extends DialOptions {
  clock: Clock;
  turnEnd: TurnEnd;
  /** How long a server may take until its SETTINGS come. */
  handshakeNs: number;
  /**
   * How many bytes each stream and the connection may receive before they are granted more; they are given back by
   * halves.
   */
  receiveWindowBytes: number;
  /** The name of the header that answers are counted by. */
  countByHeader?: string | undefined;
  /** After this number the connection is replaced. */
  lastStreamId: number;
}

type State = 'opening' | 'ready' | 'draining' | 'gone';

/** An HTTP/2 connection and the calls that are open on it. */
export class Connection implements PeerFrameHandler, CallCarrier {
  readonly #host: ConnectionEvents;
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  readonly #send: SendSide;
  readonly #reader = new FrameReader(this);
  readonly #heads: AnswerHeads;
  readonly #calls = new Map<number, WireCall>();
  readonly #stopHandshakeTimer: () => void;
  /** Whether the server ever said that it speaks HTTP/2. */
  wasReady = false;
  #state: State = 'opening';
  #nextStreamId = 1;
  #maxCalls = Infinity;
  #unreturnedBytes = 0;
  /** What the server said when it went away; '' as long as it did not. */
  #farewell = '';
  /** A call ended on it that we did not end. */
  #hasServed = false;
  /** Something came since there were no calls on it. */
  #isHeard = false;

  constructor(host: ConnectionEvents, options: ConnectionOptions) {
    this.#host = host;
    this.#options = options;
    this.#heads = new AnswerHeads(options.countByHeader);
    this.#socket = dial(options, {
      connected: () => this.#send.raw(greeting(options.receiveWindowBytes)),
      received: (bytes, length) => this.#received(bytes, length),
      ended: (failure, detail) => this.#lost({ failure, detail }),
    });
    this.#send = new SendSide(this.#socket, options.turnEnd, () => host.hasRoom(this));
    const giveUp = (): void => this.#lost({ failure: 'connect_failed', detail: 'no HTTP/2 SETTINGS came' });
    const untilNs = options.clock.nowNs() + options.handshakeNs;
    this.#stopHandshakeTimer = options.clock.at(untilNs, giveUp, true);
  }

  get openCalls(): number {
    return this.#calls.size;
  }

  get isOpening(): boolean {
    return this.#state === 'opening';
  }

  /** Whether the server wants no more calls at a time. */
  get isFull(): boolean {
    return this.#state === 'ready' && this.#calls.size >= this.#maxCalls;
  }

  get canTake(): boolean {
    return this.#state === 'ready' && this.#calls.size < this.#maxCalls && !this.#send.isBlocked;
  }

  /** Sends a call. Only where it `canTake` one. */
  start(call: WireCall): void {
    const streamId = this.#nextStreamId;
    this.#nextStreamId = streamId + 2;
    if (this.#calls.size === 0) this.#isHeard = false;
    call.carrier = this;
    call.streamId = streamId;
    this.#calls.set(streamId, call);
    this.#send.start(call);
    if (this.#nextStreamId > Math.min(this.#options.lastStreamId, MAX_STREAM_ID)) this.#retire();
    call.begin();
  }

  wrote(call: WireCall): void {
    this.#send.wrote(call);
  }

  leave(call: WireCall, isCut: boolean): void {
    call.carrier = undefined;
    this.#calls.delete(call.streamId);
    if (!isCut) this.#hasServed = true;
    if (this.#state === 'gone') return;
    if (isCut) this.#send.cut(call, CANCEL);
    this.#send.forget(call);
    if (this.#state === 'draining') this.#closeIfDone();
    else this.#host.hasRoom(this);
  }

  /** Ends all calls as `cancelled` and closes. */
  async shut(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      if (this.#socket.closed) resolve();
      else this.#socket.once('close', () => resolve());
    });
    for (const call of [...this.#calls.values()]) call.end('given_up');
    this.#send.flush();
    this.#hangUp({ failure: 'cancelled', detail: 'the transport is closed' });
    await closed;
  }

  data(streamId: number, bytes: Buffer, from: number, to: number, flowBytes: number, isEnd: boolean): void {
    this.#unreturnedBytes += flowBytes;
    if (this.#unreturnedBytes >= this.#options.receiveWindowBytes / 2) {
      this.#send.number(FRAME.windowUpdate, 0, this.#unreturnedBytes);
      this.#unreturnedBytes = 0;
    }
    const call = this.#callOf(streamId);
    if (call === undefined) return;
    call.unreturnedBytes += flowBytes;
    if (!isEnd && call.unreturnedBytes >= this.#options.receiveWindowBytes / 2) {
      this.#send.number(FRAME.windowUpdate, streamId, call.unreturnedBytes);
      call.unreturnedBytes = 0;
    }
    call.data(bytes, from, to, isEnd);
  }

  headers(streamId: number, bytes: Buffer, from: number, to: number, isEnd: boolean): void {
    // Also for a call that is over: the table of the decoder must hear of every block.
    const head = this.#heads.read(bytes, from, to);
    this.#callOf(streamId)?.headers(head, isEnd);
  }

  reset(streamId: number, errorCode: number): void {
    this.#callOf(streamId)?.reset(errorCode);
  }

  settings(bytes: Buffer, from: number, to: number): void {
    for (let at = from; at < to; at += 6) this.#setting(bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2));
    this.#send.raw(frameOf(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0)));
    if (this.#state === 'opening') {
      this.#state = 'ready';
      this.wasReady = true;
      this.#stopHandshakeTimer();
    }
    if (this.#state === 'ready') this.#host.hasRoom(this);
  }

  ping(bytes: Buffer, from: number): void {
    this.#send.raw(frameOf(FRAME.ping, FLAG.ack, 0, bytes.subarray(from, from + 8)));
  }

  goAway(lastStreamId: number, errorCode: number, text: string): void {
    const why = `the server went away (${errorName(errorCode)}${text === '' ? '' : `, ${text}`})`;
    this.#farewell = why;
    // What began in this turn is on its way and can't be taken back: it leaves now, and counts as sent.
    this.#send.flush();
    const untaken = [...this.#calls.values()].filter((call) => call.streamId > lastStreamId);
    this.#retire();
    const failure = errorCode === 0 && this.#hasServed ? 'keepalive_closed' : 'connection_closed';
    for (const call of untaken) {
      call.carrier = undefined;
      this.#calls.delete(call.streamId);
      this.#send.forget(call);
      call.lost(failure, `${why} before it took this call`);
    }
    this.#closeIfDone();
  }

  windowUpdate(streamId: number, increment: number): void {
    if (increment === 0) throw malformed('HTTP/2', 'a WINDOW_UPDATE of 0');
    const call = streamId === 0 ? undefined : this.#callOf(streamId);
    if (streamId === 0 || call !== undefined) this.#send.widen(call, increment);
  }

  #setting(id: number, value: number): void {
    if (id === SETTING.maxConcurrentStreams) this.#maxCalls = value;
    else if (id === SETTING.initialWindowSize) this.#send.setStreamWindow(value, this.#calls.values());
    else if (id === SETTING.maxFrameSize && (value < MAX_FRAME_BYTES || value >= 2 ** 24)) {
      throw malformed('HTTP/2', `frames of at most ${value} bytes`);
    }
  }

  /**
   * Finds the call of a stream; undefined for one that is over. A stream that never was is no HTTP/2 (RFC 9113 §5.1).
   */
  #callOf(streamId: number): WireCall | undefined {
    const call = this.#calls.get(streamId);
    if (call === undefined && (streamId % 2 === 0 || streamId >= this.#nextStreamId)) {
      throw malformed('HTTP/2', `something on stream ${streamId}, which is not open`);
    }
    return call;
  }

  #received(bytes: Buffer, length: number): void {
    if (this.#state === 'gone') return;
    this.#isHeard = true;
    try {
      this.#reader.push(bytes, length);
    } catch (thrown) {
      if (!(thrown instanceof EngramTraceError) || thrown.code !== 'target') throw thrown;
      this.#socket.write(farewell(PROTOCOL_ERROR));
      const other = this.#state === 'opening' ? otherProtocol(bytes, length, 'HTTP/2') : '';
      this.#lost({ failure: 'bad_response', detail: other === '' ? thrown.message : other });
    }
  }

  #retire(): void {
    if (this.#state !== 'ready') return;
    this.#state = 'draining';
    this.#host.retired(this);
  }

  #closeIfDone(): void {
    if (this.#state === 'draining' && this.#calls.size === 0) {
      this.#send.flush();
      this.#hangUp({ failure: 'connection_closed', detail: 'the connection was closed' });
    }
  }

  /** Closes politely, but never waits for a server that does not read. */
  #hangUp(loss: ConnectionLoss): void {
    if (this.#state === 'gone') return;
    const isPolite = this.#state !== 'opening' && !this.#send.isBlocked;
    this.#end(loss);
    if (!isPolite) this.#socket.destroy();
    else {
      this.#socket.write(farewell(0));
      this.#socket.destroySoon();
    }
  }

  #lost({ failure, detail }: ConnectionLoss): void {
    if (this.#state === 'gone') return;
    const isConnecting = this.#state === 'opening' && failure !== 'tls';
    const why = this.#farewell === '' ? detail : `${this.#farewell}; ${detail}`;
    this.#end({ failure: isConnecting ? 'connect_failed' : failure, detail: why });
    this.#socket.destroy();
  }

  #end(loss: ConnectionLoss): void {
    const calls = [...this.#calls.values()];
    const failure = this.#asKept(loss.failure);
    this.#state = 'gone';
    this.#reader.stop();
    this.#send.stop();
    this.#stopHandshakeTimer();
    this.#calls.clear();
    this.#host.gone(this, loss);
    for (const call of calls) call.lost(failure, loss.detail);
  }

  /**
   * Names the end of a connection that was idle until these calls came, and on which nothing has come since:
   * `keepalive_closed`.
   */
  #asKept(failure: FailureCode): FailureCode {
    const isEnd = failure === 'connection_closed' || failure === 'connection_reset';
    return isEnd && this.#hasServed && !this.#isHeard ? 'keepalive_closed' : failure;
  }
}

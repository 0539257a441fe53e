import { UPSTREAM_REFUSED } from '../../trace/record/unplayable.ts';
import { HpackDecoder } from '../../wire/hpack/decoder.ts';
import { type FrameHandler, FrameParser } from '../../wire/http2/frame-parser.ts';
import { REFUSED_STREAM, SETTING } from '../../wire/http2/frames.ts';
import { headersCost } from '../memory/record-cost.ts';
import { PlainStream } from './plain-stream.ts';
import { StreamOpener } from './stream-opener.ts';
import type { StreamTap } from './stream-tap.ts';
import type { ConnectionEnd, Tap, TapContext } from './tap.ts';
import { UnreadCount } from './unread-count.ts';
import { WatchedCall } from './watched-call.ts';
import type { WatchedExchange } from './watched-exchange.ts';

/** So many streams of one connection are followed at a time. */
const MAX_STREAMS = 10_000;
/** The number of the stream that a request has which came as HTTP/1 (RFC 7540 §3.2). */
const UPGRADED_ID = 1;
const NO_VIEW: Buffer = Buffer.alloc(0);
/** What a stream costs beyond its headers and data: its objects, and its place among the streams. */
const STREAM_BYTES = 2_048;

/** An HTTP/1 request whose answer comes as HTTP/2, on stream 1, and what its client told of itself. */
export interface UpgradedRequest {
  readonly exchange: WatchedExchange;
  /** The payload of a SETTINGS frame. */
  readonly settings: Buffer;
}

/** How much of a connection is read. `headless`: its frames, but no header blocks; `deaf`: the tap gave up. */
type Hearing = 'reading' | 'headless' | 'deaf';

/**
 * Follows one HTTP/2 connection: gRPC calls, and other requests as plain HTTP. Pushed streams are not recorded. The two
 * directions are framed each by itself: where answers can't be read any further requests still are, and where requests
 * can't, answers count them.
 */
export class Http2Tap implements Tap {
  readonly #context: TapContext;
  readonly #unread: UnreadCount;
  readonly #streams = new Map<number, StreamTap>();
  readonly #clientHpack: HpackDecoder;
  readonly #serverHpack: HpackDecoder;
  readonly #opener: StreamOpener;
  #lastStreamId = 0;
  /** Streams above it were not processed by the server, nor will be: it said GOAWAY. */
  #lastProcessedId = Infinity;
  #nowNs = 0;
  #clientHearing: Hearing = 'reading';
  #serverHearing: Hearing = 'reading';
  readonly #client: FrameParser;
  readonly #server: FrameParser;

  /** `upgraded`: the connection began as HTTP/1. */
  constructor(context: TapContext, session: string, upgraded?: UpgradedRequest) {
    this.#context = context;
    this.#unread = new UnreadCount(context);
    this.#opener = new StreamOpener(context, session);
    this.#clientHpack = new HpackDecoder(context.budget);
    this.#serverHpack = new HpackDecoder(context.budget);
    this.#client = new FrameParser(this.#clientFrames(), 'from-client', context.budget);
    this.#server = new FrameParser(this.#serverFrames(), 'from-server', context.budget);
    if (upgraded === undefined) return;
    this.#lastStreamId = UPGRADED_ID;
    this.#streams.set(UPGRADED_ID, new PlainStream(upgraded.exchange));
    const { settings } = upgraded;
    for (let at = 0; at + 6 <= settings.length; at += 6)
      this.#onClientSetting(settings.readUInt16BE(at), settings.readUInt32BE(at + 2));
  }

  get idle(): boolean {
    const isFollowed = this.#clientHearing === 'reading' && this.#serverHearing === 'reading';
    return this.#streams.size === 0 && isFollowed;
  }

  fromClient(chunk: Buffer, atNs: number): void {
    if (this.#clientHearing !== 'deaf') this.#read(this.#client, chunk, atNs);
    // What the breaking chunk still held is lost as well.
    if (this.#clientHearing === 'deaf') this.#unread.fromClient(chunk.length, this.#serverHearing !== 'deaf');
  }

  fromServer(chunk: Buffer, atNs: number): void {
    if (this.#serverHearing !== 'deaf') this.#read(this.#server, chunk, atNs);
  }

  serverEnded(): void {}

  /** The last byte of the request that asked for the upgrade has come. */
  upgradedRequestEnded(atNs: number): void {
    this.#nowNs = atNs;
    const stream = this.#streams.get(UPGRADED_ID);
    if (stream !== undefined) this.#tellFromClient(UPGRADED_ID, stream, NO_VIEW, true);
  }

  closed(end: ConnectionEnd, atNs: number): void {
    this.#closeStreams(end, atNs);
    this.#opener.release();
    for (const reader of [this.#client, this.#server, this.#clientHpack, this.#serverHpack]) reader.release();
  }

  #closeStreams(end: ConnectionEnd, atNs: number): void {
    for (const [id, stream] of this.#streams) {
      stream.closed(this.#isRefused(id, stream) ? UPSTREAM_REFUSED : end, atNs);
    }
    this.#streams.clear();
  }

  /** By a GOAWAY; what is answered all the same was processed. */
  #isRefused(id: number, stream: StreamTap): boolean {
    return id > this.#lastProcessedId && !stream.isAnswering;
  }

  #read(parser: FrameParser, chunk: Buffer, atNs: number): void {
    this.#nowNs = atNs;
    try {
      parser.push(chunk, atNs);
    } catch (thrown) {
      if (parser === this.#server) this.#giveUpServer();
      else this.#giveUpClient();
      this.#unread.gaveUp(thrown instanceof Error ? thrown.message : String(thrown));
    }
  }

  /** Gives up the client's side. Streams that were asked for in full still get their answers. */
  #giveUpClient(): void {
    this.#clientHearing = 'deaf';
    this.#client.release();
    this.#clientHpack.release();
    for (const [id, stream] of this.#streams) {
      if (stream.requestDone && this.#serverHearing !== 'deaf') continue;
      stream.closed('not_followed', this.#nowNs);
      this.#streams.delete(id);
    }
  }

  #giveUpServer(): void {
    this.#serverHearing = 'deaf';
    this.#server.release();
    this.#serverHpack.release();
    this.#closeStreams('bad_response', this.#nowNs);
  }

  /** A block that can't be read leaves the table behind it unknown: no later one can be either. */
  #decode(from: 'client' | 'server', block: Buffer): string[] | undefined {
    const isClient = from === 'client';
    if ((isClient ? this.#clientHearing : this.#serverHearing) === 'headless') return undefined;
    try {
      return (isClient ? this.#clientHpack : this.#serverHpack).decode(block);
    } catch (thrown) {
      if (isClient) this.#clientHearing = 'headless';
      else this.#serverHearing = 'headless';
      this.#unread.gaveUp(thrown instanceof Error ? thrown.message : String(thrown));
      return undefined;
    }
  }

  #clientFrames(): FrameHandler {
    return {
      onHeaders: (id, block, ended, startNs) => {
        const list = this.#decode('client', block);
        const stream = this.#streams.get(id);
        if (stream !== undefined) this.#tellFromClient(id, stream, NO_VIEW, ended);
        else if (id % 2 === 1 && id > this.#lastStreamId) this.#open(id, list, ended, startNs);
      },
      onData: (id, view, ended) => {
        const stream = this.#streams.get(id);
        if (stream !== undefined) this.#tellFromClient(id, stream, view, ended);
      },
      onReset: (id) => {
        const stream = this.#streams.get(id);
        if (stream === undefined) return;
        this.#tell(id, stream, () => {
          if (this.#isRefused(id, stream)) stream.closed(UPSTREAM_REFUSED, this.#nowNs);
          else stream.clientReset(this.#nowNs);
        });
      },
      onGoaway: () => {}, // it concerns what the server pushes
      onSetting: (id, value) => this.#onClientSetting(id, value),
    };
  }

  /** A setting limits what the other side may send. */
  #onClientSetting(id: number, value: number): void {
    if (id === SETTING.headerTableSize) this.#serverHpack.allowTableBytes(value);
  }

  #serverFrames(): FrameHandler {
    return {
      onHeaders: (id, block, ended, _startNs, promisedId) => {
        const list = this.#decode('server', block);
        const stream = promisedId === 0 ? this.#streams.get(id) : undefined;
        if (stream === undefined) {
          if (ended) this.#onUnknownAnswer(id);
        } else if (list !== undefined)
          this.#tell(id, stream, () => stream.serverHeaders(list, ended, this.#nowNs));
        else if (ended) this.#tell(id, stream, () => stream.closed('bad_response', this.#nowNs));
      },
      onData: (id, view, ended) => {
        const stream = this.#streams.get(id);
        if (stream !== undefined) this.#tell(id, stream, () => stream.fromServer(view, ended, this.#nowNs));
        else if (ended) this.#onUnknownAnswer(id);
      },
      onReset: (id, errorCode) => {
        const stream = this.#streams.get(id);
        if (stream === undefined) return;
        const isRefused = errorCode === REFUSED_STREAM && !stream.isAnswering;
        const end = isRefused ? UPSTREAM_REFUSED : 'upstream_reset';
        this.#tell(id, stream, () => stream.closed(end, this.#nowNs));
      },
      onGoaway: (lastStreamId) => this.#onGoaway(lastStreamId),
      onSetting: (id, value) => {
        if (id === SETTING.headerTableSize) this.#clientHpack.allowTableBytes(value);
      },
    };
  }

  /**
   * Ends the streams above the last one that the server takes; those that the client sends without knowing end once
   * they are whole.
   */
  #onGoaway(lastStreamId: number): void {
    this.#lastProcessedId = Math.min(this.#lastProcessedId, lastStreamId);
    for (const [id, stream] of this.#streams) {
      if (this.#isRefused(id, stream))
        this.#tell(id, stream, () => stream.closed(UPSTREAM_REFUSED, this.#nowNs));
    }
  }

  /** The whole answer to something the client asked for after it could not be read any more. */
  #onUnknownAnswer(id: number): void {
    if (this.#clientHearing === 'deaf' && id % 2 === 1 && id > this.#lastStreamId) this.#unread.answered();
  }

  #tellFromClient(id: number, stream: StreamTap, view: Buffer, ended: boolean): void {
    this.#tell(id, stream, () => {
      stream.fromClient(view, ended, this.#nowNs);
      if (!stream.requestDone) return;
      if (this.#isRefused(id, stream)) stream.closed(UPSTREAM_REFUSED, this.#nowNs);
      else if (this.#serverHearing === 'deaf') stream.closed('not_followed', this.#nowNs);
    });
  }

  /** Tells a stream something; whatever goes wrong loses it alone, not the connection. */
  #tell(id: number, stream: StreamTap, tell: () => void): void {
    try {
      tell();
    } catch (thrown) {
      if (stream instanceof WatchedCall) stream.abandon();
      this.#streams.delete(id);
      this.#context.sink.drop(1);
      this.#context.onGaveUp(thrown instanceof Error ? thrown.message : String(thrown));
      return;
    }
    if (stream.done) this.#streams.delete(id);
  }

  #open(id: number, list: readonly string[] | undefined, ended: boolean, startNs: number): void {
    this.#lastStreamId = id;
    const costBytes = STREAM_BYTES + headersCost(list ?? []);
    const hasPlace = list !== undefined && this.#streams.size < MAX_STREAMS;
    if (!hasPlace || !this.#context.budget.take('flight', costBytes)) {
      this.#context.sink.drop(1);
      return;
    }
    const stream = this.#opener.open(list, startNs);
    stream.adopt(costBytes);
    this.#streams.set(id, stream);
    if (ended) this.#tellFromClient(id, stream, NO_VIEW, true);
  }
}

import type { HeaderList } from '../trace/record.ts';
import { HpackDecoder } from '../wire/hpack/decoder.ts';
import { type FrameHandler, FrameParser, SETTING_HEADER_TABLE_SIZE } from '../wire/http2/frame-parser.ts';
import { GrpcCall } from './grpc-call.ts';
import { HttpExchange } from './http-exchange.ts';
import { PlainStream } from './plain-stream.ts';
import { headerValue, type StreamTap } from './stream-tap.ts';
import type { ConnectionEnd, Tap, TapContext } from './tap.ts';

/** Streams followed at a time on one connection. */
const MAX_STREAMS = 10_000;
const GRPC_CONTENT_TYPE = /^application\/grpc(?:$|[+; ])/i;
/** Header lists remembered by path, so that equal ones are one object: the block builder then writes them once. */
const MAX_REMEMBERED = 64;

/** Follows one HTTP/2 connection: gRPC calls, and other requests as plain HTTP. Pushed streams are not recorded. */
export class Http2Tap implements Tap {
  readonly #context: TapContext;
  readonly #session: string;
  readonly #streams = new Map<number, StreamTap>();
  readonly #clientHpack = new HpackDecoder();
  readonly #serverHpack = new HpackDecoder();
  readonly #remembered = new Map<string, HeaderList>();
  #lastStreamId = 0;
  #nowNs = 0;
  #gaveUp = false;
  #isLossCounted = false;

  readonly #client = new FrameParser(this.#clientFrames(), 'from-client');
  readonly #server = new FrameParser(this.#serverFrames(), 'from-server');

  constructor(context: TapContext, session: string) {
    this.#context = context;
    this.#session = session;
  }

  get idle(): boolean {
    return this.#streams.size === 0 && !this.#gaveUp;
  }

  fromClient(chunk: Buffer, atNs: number): void {
    this.#read(this.#client, chunk, atNs);
    // A client of a connection that is not followed any more: whatever it calls is lost. Say so once.
    if (this.#gaveUp && !this.#isLossCounted) {
      this.#isLossCounted = true;
      this.#context.sink.drop(1);
    }
  }

  fromServer(chunk: Buffer, atNs: number): void {
    this.#read(this.#server, chunk, atNs);
  }

  serverEnded(): void {}

  closed(end: ConnectionEnd, atNs: number): void {
    for (const stream of this.#streams.values()) stream.closed(end, atNs);
    this.#streams.clear();
  }

  #read(parser: FrameParser, chunk: Buffer, atNs: number): void {
    if (this.#gaveUp) return;
    this.#nowNs = atNs;
    try {
      parser.push(chunk, atNs);
    } catch (thrown) {
      this.#gaveUp = true;
      this.closed(parser === this.#server ? 'bad_response' : 'not_followed', atNs);
      this.#context.onGaveUp(thrown instanceof Error ? thrown.message : String(thrown));
    }
  }

  #clientFrames(): FrameHandler {
    return {
      onHeaders: (id, block, ended, startNs) => {
        const list = this.#clientHpack.decode(block);
        const stream = this.#streams.get(id);
        if (stream !== undefined) {
          this.#tell(id, stream, () => stream.fromClient(Buffer.alloc(0), ended, this.#nowNs));
        } else if (id % 2 === 1 && id > this.#lastStreamId) this.#open(id, list, ended, startNs);
      },
      onData: (id, view, ended) => {
        const stream = this.#streams.get(id);
        if (stream !== undefined) this.#tell(id, stream, () => stream.fromClient(view, ended, this.#nowNs));
      },
      onReset: (id) => {
        const stream = this.#streams.get(id);
        if (stream !== undefined) this.#tell(id, stream, () => stream.clientReset(this.#nowNs));
      },
      // A setting limits what the other side may send.
      onSetting: (id, value) => {
        if (id === SETTING_HEADER_TABLE_SIZE) this.#serverHpack.allowTableBytes(value);
      },
    };
  }

  #serverFrames(): FrameHandler {
    return {
      onHeaders: (id, block, ended, _startNs, promisedId) => {
        const list = this.#serverHpack.decode(block);
        const stream = promisedId === 0 ? this.#streams.get(id) : undefined;
        if (stream !== undefined)
          this.#tell(id, stream, () => stream.serverHeaders(list, ended, this.#nowNs));
      },
      onData: (id, view, ended) => {
        const stream = this.#streams.get(id);
        if (stream !== undefined) this.#tell(id, stream, () => stream.fromServer(view, ended, this.#nowNs));
      },
      onReset: (id) => {
        const stream = this.#streams.get(id);
        if (stream !== undefined) this.#tell(id, stream, () => stream.serverReset(this.#nowNs));
      },
      onSetting: (id, value) => {
        if (id === SETTING_HEADER_TABLE_SIZE) this.#clientHpack.allowTableBytes(value);
      },
    };
  }

  /** Tells a stream something; one that turns out not to be gRPC is lost alone, not the connection. */
  #tell(id: number, stream: StreamTap, tell: () => void): void {
    try {
      tell();
    } catch (thrown) {
      if (stream instanceof GrpcCall) stream.abandon();
      this.#streams.delete(id);
      this.#context.sink.drop(1);
      this.#context.onGaveUp(thrown instanceof Error ? thrown.message : String(thrown));
      return;
    }
    if (stream.done) this.#streams.delete(id);
  }

  #open(id: number, list: readonly string[], ended: boolean, startNs: number): void {
    this.#lastStreamId = id;
    if (this.#streams.size >= MAX_STREAMS) {
      this.#context.sink.drop(1);
      return;
    }
    const stream = GRPC_CONTENT_TYPE.test(headerValue(list, 'content-type') ?? '')
      ? this.#openCall(list, startNs)
      : this.#openPlain(list, startNs);
    this.#streams.set(id, stream);
    if (ended) this.#tell(id, stream, () => stream.fromClient(Buffer.alloc(0), true, this.#nowNs));
  }

  #openCall(list: readonly string[], startNs: number): StreamTap {
    const path = this.#context.redactor.target(headerValue(list, ':path') ?? '');
    const metadata = withoutPseudo(list, ':authority');
    const headers = this.#remember(path, this.#context.redactor.headers(metadata, false));
    return new GrpcCall(this.#context, { session: this.#session, path, headers, startNs });
  }

  #openPlain(list: readonly string[], startNs: number): StreamTap {
    const authority = headerValue(list, ':authority');
    const hasHost = headerValue(list, 'host') !== undefined;
    const host = authority === undefined || hasHost ? [] : ['host', authority];
    const target = headerValue(list, ':path') ?? authority ?? '';
    const exchange = new HttpExchange(this.#context, this.#session, startNs);
    exchange.setHead(
      headerValue(list, ':method') ?? '',
      target,
      [...host, ...withoutPseudo(list, '')],
      false,
    );
    return new PlainStream(exchange);
  }

  #remember(path: string, headers: HeaderList): HeaderList {
    const known = this.#remembered.get(path);
    if (known !== undefined && isEqual(known, headers)) return known;
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(path, headers);
    return headers;
  }
}

/** The list without pseudo headers, but for the one named. */
function withoutPseudo(list: readonly string[], keep: string): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i] as string;
    if (!name.startsWith(':') || name === keep) kept.push(name, list[i + 1] as string);
  }
  return kept;
}

function isEqual(a: HeaderList, b: HeaderList): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}

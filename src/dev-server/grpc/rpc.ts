import { isRejection, type Rejection, reject } from '../rejection.ts';
import type { World } from '../world.ts';

/** Reads and writes one message type; what ts-proto generates. */
export interface Codec<T> {
  decode(bytes: Uint8Array): T;
  encode(message: T): { finish(): Uint8Array };
}

/** Writes one message type. */
export type Encoder<T> = Pick<Codec<T>, 'encode'>;

/** What the server does about one message of a stream: a reply, silence, the end of the stream, or its failure. */
export type StreamReply = Uint8Array | undefined | 'end' | Rejection;

export interface TimedReply {
  /** Since the reply before it, or since the call began. */
  afterMs: number;
  bytes: Uint8Array;
}

interface RpcBase {
  readonly path: string;
}

/** An rpc as bytes in, bytes out, by call shape. `operation` is the operation's number. */
export type Rpc =
  | (RpcBase & { kind: 'unary'; answer(bytes: Uint8Array, world: World): Uint8Array | Rejection })
  | (RpcBase & {
      kind: 'server_stream';
      answer(bytes: Uint8Array, world: World): Iterable<TimedReply> | Rejection;
    })
  | (RpcBase & { kind: 'client_stream'; open(world: World): ClientStreamHandler })
  | (RpcBase & { kind: 'bidi'; open(world: World, operation: number): (bytes: Uint8Array) => StreamReply });

export interface ClientStreamHandler {
  receive(bytes: Uint8Array): Rejection | undefined;
  finish(): Uint8Array;
}

const NO_BYTES = new Uint8Array(0);

/** A message with every field at its default but those given. */
export function make<T extends object>(codec: Codec<T>, fields: Partial<T>): T {
  return Object.assign(codec.decode(NO_BYTES), fields);
}

export function unary<I, O>(
  path: string,
  request: Codec<I>,
  response: Encoder<O>,
  handle: (message: I, world: World) => O | Rejection,
): Rpc {
  return {
    kind: 'unary',
    path,
    answer(bytes, world) {
      const message = decode(request, bytes);
      const answer = isRejection(message) ? message : handle(message as I, world);
      return isRejection(answer) ? answer : response.encode(answer as O).finish();
    },
  };
}

export function serverStream<I, O>(
  path: string,
  request: Codec<I>,
  response: Encoder<O>,
  handle: (message: I, world: World) => Iterable<{ afterMs: number; message: O }> | Rejection,
): Rpc {
  return {
    kind: 'server_stream',
    path,
    answer(bytes, world) {
      const message = decode(request, bytes);
      const replies = isRejection(message) ? message : handle(message as I, world);
      return isRejection(replies) ? replies : encodeReplies(replies, response);
    },
  };
}

/** `open` makes the state of one stream and returns what handles its messages. */
export function bidi<I, O>(
  path: string,
  request: Codec<I>,
  response: Encoder<O>,
  open: (world: World, operation: number) => (message: I) => O | undefined | 'end' | Rejection,
): Rpc {
  return {
    kind: 'bidi',
    path,
    open(world, operation) {
      const receive = open(world, operation);
      return (bytes) => {
        const message = decode(request, bytes);
        const reply = isRejection(message) ? message : receive(message as I);
        const isMessage = reply !== undefined && reply !== 'end' && !isRejection(reply);
        return isMessage ? response.encode(reply as O).finish() : (reply as Rejection | 'end' | undefined);
      };
    },
  };
}

export function clientStream<I, O>(
  path: string,
  request: Codec<I>,
  response: Encoder<O>,
  open: () => { receive(message: I): Rejection | undefined; finish(): O },
): Rpc {
  return {
    kind: 'client_stream',
    path,
    open() {
      const handler = open();
      return {
        receive(bytes) {
          const message = decode(request, bytes);
          return isRejection(message) ? message : handler.receive(message as I);
        },
        finish: () => response.encode(handler.finish()).finish(),
      };
    },
  };
}

function decode<T>(codec: Codec<T>, bytes: Uint8Array): T | Rejection {
  try {
    return codec.decode(bytes);
  } catch (thrown) {
    return reject('internal', `failed to decode Protobuf message: ${String(thrown)}`);
  }
}

function* encodeReplies<O>(replies: Iterable<{ afterMs: number; message: O }>, codec: Encoder<O>) {
  for (const { afterMs, message } of replies) yield { afterMs, bytes: codec.encode(message).finish() };
}

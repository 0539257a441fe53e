import { type Client, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { Codec } from '../../../src/dev-server/grpc/rpc.ts';

/** What one call gave: its messages, and the status it ended with. */
export interface CallResult<O> {
  messages: O[];
  code: status;
  details: string;
}

const asIs = (bytes: Buffer) => bytes;
const options = () => ({ deadline: Date.now() + 30_000 });

/** Codecs and path of an rpc to call. */
export interface CalledRpc<I, O> {
  path: string;
  request: Codec<I>;
  response: Codec<O>;
}

export function callUnary<I, O>(client: Client, rpc: CalledRpc<I, O>, message: I): Promise<CallResult<O>> {
  return new Promise((resolve) => {
    const bytes = Buffer.from(rpc.request.encode(message).finish());
    client.makeUnaryRequest(rpc.path, asIs, asIs, bytes, new Metadata(), options(), (error, answer) => {
      resolve(resultOf(error, answer ? [rpc.response.decode(answer)] : []));
    });
  });
}

export function callServerStream<I, O>(
  client: Client,
  rpc: CalledRpc<I, O>,
  message: I,
): Promise<CallResult<O>> {
  const bytes = Buffer.from(rpc.request.encode(message).finish());
  return collect(client.makeServerStreamRequest(rpc.path, asIs, asIs, bytes, options()), rpc.response);
}

export function callClientStream<I, O>(
  client: Client,
  rpc: CalledRpc<I, O>,
  messages: I[],
): Promise<CallResult<O>> {
  return new Promise((resolve) => {
    const call = client.makeClientStreamRequest(rpc.path, asIs, asIs, options(), (error, answer) => {
      resolve(resultOf(error, answer ? [rpc.response.decode(answer)] : []));
    });
    for (const message of messages) call.write(Buffer.from(rpc.request.encode(message).finish()));
    call.end();
  });
}

/** All messages at once, then half-close. */
export function callBidi<I, O>(client: Client, rpc: CalledRpc<I, O>, messages: I[]): Promise<CallResult<O>> {
  const call = client.makeBidiStreamRequest(rpc.path, asIs, asIs, options());
  const result = collect(call, rpc.response);
  for (const message of messages) call.write(Buffer.from(rpc.request.encode(message).finish()));
  call.end();
  return result;
}

function collect<O>(call: NodeJS.ReadableStream, codec: Codec<O>): Promise<CallResult<O>> {
  const messages: O[] = [];
  return new Promise((resolve) => {
    call.on('data', (bytes: Buffer) => messages.push(codec.decode(bytes)));
    call.on('error', (error) => resolve(resultOf(error as ServiceError, messages)));
    call.on('end', () => resolve({ messages, code: status.OK, details: '' }));
  });
}

function resultOf<O>(error: ServiceError | null, messages: O[]): CallResult<O> {
  return { messages, code: error?.code ?? status.OK, details: error?.details ?? '' };
}

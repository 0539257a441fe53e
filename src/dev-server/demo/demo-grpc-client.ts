import { Client, type ClientDuplexStream, credentials } from '../../bundled/grpc-js.ts';
import { Cue, Episode, Memory } from '../../gen/engram/v1/memory.ts';
import {
  DreamRequest,
  ObservationRequest,
  RecallRequest,
  RememberRequest,
  StreamInit,
} from '../../gen/engram/v1/service.ts';
import { confidence } from '../grpc/messages.ts';
import { type Codec, make } from '../grpc/rpc.ts';
import { rpcPath } from '../grpc/rpc-path.ts';
import type { DemoClient } from './demo-client.ts';
import type { DemoContent } from './demo-content.ts';

const DEADLINE_MS = 10_000;
const MESSAGES_PER_STREAM = 4;

type Ended = 'operation' | 'stream' | 'failed';

/** A client on grpc-js with one connection; `wallMs` is Unix ms, for deadlines. */
export function createDemoGrpcClient(
  address: string,
  content: DemoContent,
  space: string,
  wallMs: () => number,
): DemoClient {
  // A channel of its own: grpc-js would let all clients of one address share a connection.
  const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const options = () => ({ deadline: wallMs() + DEADLINE_MS });
  return {
    kind: 'grpc',
    operate(number, pick) {
      const remembered = (n: number) => rememberBytes(content, space, n);
      if (pick < 0.35) return callUnary(client, 'Remember', remembered(number), options());
      if (pick < 0.7) return callUnary(client, 'Recall', recallBytes(content, space, number), options());
      if (pick < 0.76) return callDream(client, space, options());
      if (pick < 0.9) return callDuplex(client, 'StreamingRemember', several(number, remembered), options());
      return callDuplex(client, 'ObserveStream', observations(content, space, number), options());
    },
    close: () => client.close(),
  };
}

function callUnary(
  client: Client,
  rpc: string,
  bytes: Buffer,
  options: { deadline: number },
): Promise<Ended> {
  return new Promise((resolve) => {
    client.makeUnaryRequest(rpcPath(rpc), asIs, asIs, bytes, options, (error) =>
      resolve(error ? 'failed' : 'operation'),
    );
  });
}

function callDream(client: Client, space: string, options: { deadline: number }): Promise<Ended> {
  const bytes = encode(DreamRequest, { memorySpaceId: space, replayCycles: 2 });
  return new Promise((resolve) => {
    const call = client.makeServerStreamRequest(rpcPath('Dream'), asIs, asIs, bytes, options);
    call.on('data', () => undefined);
    call.on('error', () => resolve('failed'));
    call.on('end', () => resolve('stream'));
  });
}

/** Sends each message when the one before was answered, then closes its side. */
function callDuplex(
  client: Client,
  rpc: string,
  messages: Buffer[],
  options: { deadline: number },
): Promise<Ended> {
  return new Promise((resolve) => {
    const call: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(
      rpcPath(rpc),
      asIs,
      asIs,
      options,
    );
    const next = () => {
      const bytes = messages.shift();
      if (bytes) call.write(bytes);
      else call.end();
    };
    call.on('data', next);
    call.on('error', () => resolve('failed'));
    call.on('end', () => resolve('stream'));
    next();
  });
}

function rememberBytes(content: DemoContent, space: string, number: number): Buffer {
  const memory = make(Memory, {
    id: `demo_${number}`,
    content: content.sentence(number),
    embedding: content.embedding(number),
    confidence: confidence(0.8, ''),
  });
  return encode(RememberRequest, { memorySpaceId: space, memory });
}

function recallBytes(content: DemoContent, space: string, number: number): Buffer {
  const embedding = { vector: content.embedding(number), similarityThreshold: 0.6 };
  const cue = make(Cue, { embedding, threshold: confidence(0.6, '') });
  return encode(RecallRequest, { memorySpaceId: space, cue, maxResults: 3 });
}

function observations(content: DemoContent, space: string, number: number): Buffer[] {
  const init = encode(ObservationRequest, {
    memorySpaceId: space,
    init: make(StreamInit, { clientBufferSize: 16 }),
  });
  const observed = several(number, (n, i) => {
    const observation = make(Episode, {
      id: `seen_${n}`,
      what: content.sentence(n),
      embedding: content.embedding(n),
    });
    return encode(ObservationRequest, { memorySpaceId: space, observation, sequenceNumber: BigInt(i + 1) });
  });
  return [init, ...observed];
}

/** Messages of one stream; their numbers lie apart from those of other operations. */
function several(number: number, bytesOf: (number: number, index: number) => Buffer): Buffer[] {
  return Array.from({ length: MESSAGES_PER_STREAM }, (_, i) =>
    bytesOf(1_000_000 + number * MESSAGES_PER_STREAM + i, i),
  );
}

function encode<T extends object>(codec: Codec<T>, fields: Partial<T>): Buffer {
  return Buffer.from(codec.encode(make(codec, fields)).finish());
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}

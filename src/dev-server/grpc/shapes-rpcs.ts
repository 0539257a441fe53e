import { crc32 } from 'node:zlib';
import { CollectSummary, CountRequest, EchoMessage } from '../../gen/engramtrace/test/v1/shapes.ts';
import { type Rejection, type RejectionReason, reject } from '../rejection.ts';
import { bidi, clientStream, make, type Rpc, serverStream, unary } from './rpc.ts';

const MAX_COUNT = 1_000_000;
const MAX_PAYLOAD_BYTES = 1 << 20;
/** The reasons of failures, by gRPC status code. */
const REASONS: Readonly<Record<number, RejectionReason>> = {
  3: 'invalid',
  5: 'resource_not_found',
  9: 'failed_precondition',
  12: 'unimplemented',
};

/** The test service: one rpc of each call shape. NOT part of Engram; served only when asked for. */
export const SHAPES_RPCS: readonly Rpc[] = [
  unary(shapesPath('Echo'), EchoMessage, EchoMessage, echo),
  serverStream(shapesPath('Count'), CountRequest, EchoMessage, count),
  clientStream(shapesPath('Collect'), EchoMessage, CollectSummary, openCollect),
  bidi(shapesPath('Chat'), EchoMessage, EchoMessage, () => echo),
];

/** The HTTP/2 path of an rpc of the test service. */
export function shapesPath(rpc: string): string {
  return `/engramtrace.test.v1.Shapes/${rpc}`;
}

function echo(message: EchoMessage): EchoMessage | Rejection {
  return message.failWith === 0 ? message : failure(message);
}

function failure(message: EchoMessage): Rejection {
  return reject(REASONS[message.failWith] ?? 'internal', `failed as asked, with ${message.failWith}`);
}

function* counted(request: CountRequest) {
  const payload = Buffer.alloc(request.payloadBytes, 0x61);
  for (let number = 1; number <= request.count; number++) {
    yield { afterMs: request.intervalMs, message: make(EchoMessage, { number, payload }) };
  }
}

function count(request: CountRequest): Iterable<{ afterMs: number; message: EchoMessage }> | Rejection {
  const tooMuch = request.count > MAX_COUNT || request.payloadBytes > MAX_PAYLOAD_BYTES;
  return tooMuch ? reject('invalid', 'count or payload_bytes is too large') : counted(request);
}

function openCollect() {
  let messages = 0;
  let payloadBytes = 0;
  let checksum = 0;
  return {
    receive(message: EchoMessage): Rejection | undefined {
      if (message.failWith !== 0) return failure(message);
      messages++;
      payloadBytes += message.payload.length;
      checksum = crc32(message.payload, checksum);
      return undefined;
    },
    finish: (): CollectSummary => ({ messages, payloadBytes: BigInt(payloadBytes), crc32: checksum }),
  };
}

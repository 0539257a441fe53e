import { createRealClock } from '../../src/replay/clock/real-clock.ts';
import type { Transport } from '../../src/replay/ports.ts';
import type { GrpcStream, TraceRecord } from '../../src/trace/record/record.ts';
import type { GrpcTransportOptions } from '../../src/transports/grpc-js/grpc-transport.ts';
import { makeRecord } from '../support/make-record.ts';
import { startRawGrpcServer } from '../support/raw-grpc-server.ts';

/** A transport to be held to what every gRPC transport has to do. */
export interface GrpcSubject {
  name: 'grpc-js' | 'wire';
  create(options: GrpcTransportOptions): Transport;
}

export type Methods = Parameters<typeof startRawGrpcServer>[0];
export type RawServer = Awaited<ReturnType<typeof startRawGrpcServer>>;

export async function withServer(
  subject: GrpcSubject,
  methods: Methods,
  body: (transport: Transport, server: RawServer) => Promise<void>,
  options: Partial<GrpcTransportOptions> = {},
): Promise<void> {
  const server = await startRawGrpcServer(methods);
  const transport = subject.create({ target: server.target, clock: createRealClock(), ...options });
  try {
    await body(transport, server);
  } finally {
    await transport.close();
    server.stop();
  }
}

export function grpcCall(method: string, over: Partial<TraceRecord> = {}): TraceRecord {
  return makeRecord(0, { protocol: 'grpc', method: 'POST', path: `/t.S/${method}`, ...over });
}

export function sent(data: string | Uint8Array, offsetNs: number): GrpcStream['messages'][number] {
  const bytes = Buffer.from(data as string);
  return { fromServer: false, offsetNs, data: bytes, sizeBytes: bytes.length, compressed: false };
}

export function answered(text: string, offsetNs: number): GrpcStream['messages'][number] {
  return { ...sent(text, offsetNs), fromServer: true };
}

/** Answers each message with itself, and ends when the client does. */
export const echo: Methods[string] = (stream) => {
  stream.on('data', (message: Buffer) => stream.write(message));
  stream.on('end', () => stream.end());
};

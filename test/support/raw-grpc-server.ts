import {
  type handleBidiStreamingCall,
  type Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
} from '@grpc/grpc-js';

/** What came with one call, in order. */
export interface SeenCall {
  path: string;
  metadata: Metadata;
  /** Of the wall clock; infinite where the call has none. */
  deadlineMs: number;
  messages: Buffer[];
  /** Milliseconds on the process's clock, one per message. */
  atMs: number[];
  halfClosed: boolean;
  cancelled: boolean;
}

type Call = ServerDuplexStream<Buffer, Buffer>;

/** A grpc-js server of methods `/t.S/<name>` over raw bytes. Every one may stream both ways; that covers all shapes. */
export async function startRawGrpcServer(
  methods: Record<string, (call: Call, seen: SeenCall) => void>,
  credentials: ServerCredentials = ServerCredentials.createInsecure(),
): Promise<{ target: string; calls: SeenCall[]; stop(): void }> {
  const calls: SeenCall[] = [];
  const server = new Server({ 'grpc.max_receive_message_length': -1 });
  const asIs = (message: Buffer): Buffer => message;
  const definition: Record<string, object> = {};
  const handlers: Record<string, handleBidiStreamingCall<Buffer, Buffer>> = {};
  for (const [name, method] of Object.entries(methods)) {
    const path = `/t.S/${name}`;
    definition[name] = {
      path,
      requestStream: true,
      responseStream: true,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    };
    handlers[name] = (call) => {
      const { metadata } = call;
      const deadlineMs = Number(call.getDeadline());
      const ends = { halfClosed: false, cancelled: false };
      const seen: SeenCall = { path, metadata, deadlineMs, messages: [], atMs: [], ...ends };
      calls.push(seen);
      call.on('error', () => {});
      call.on('cancelled', () => {
        seen.cancelled = true;
      });
      call.on('end', () => {
        seen.halfClosed = true;
      });
      call.on('data', (message: Buffer) => {
        seen.messages.push(message);
        seen.atMs.push(performance.now());
      });
      method(call, seen);
    };
  }
  server.addService(definition as Parameters<Server['addService']>[0], handlers);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { target: `127.0.0.1:${port}`, calls, stop: () => server.forceShutdown() };
}

import { createServer, type Server as NetServer, type Socket } from 'node:net';
import {
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedHandleCall,
} from '../../bundled/grpc-js.ts';
import type { ServerContext } from '../server-context.ts';
import { MEMORY_RPCS } from './memory-rpcs.ts';
import { QUERY_RPCS } from './query-rpcs.ts';
import type { Rpc } from './rpc.ts';
import {
  type GrpcContext,
  serveBidi,
  serveClientStream,
  serveServerStream,
  serveUnary,
} from './serve-call.ts';
import { SHAPES_RPCS } from './shapes-rpcs.ts';
import { STREAM_RPCS } from './stream-rpcs.ts';
import { STUB_RPCS } from './stub-rpcs.ts';

/** The gRPC side: `listener` accepts the connections and is not yet listening. */
export interface GrpcServer {
  readonly listener: NetServer;
  /** Ends every call and connection. */
  shutdown(): void;
}

const ENGRAM_RPCS: readonly Rpc[] = [...MEMORY_RPCS, ...QUERY_RPCS, ...STUB_RPCS, ...STREAM_RPCS];

/** Connections are accepted here and handed to grpc-js, which would hide them: the arrival log numbers them. */
export function createGrpcServer(context: ServerContext, testService: boolean): GrpcServer {
  const server = new Server();
  const sockets = new Set<Socket>();
  const sessions = new Map<string, number>();
  const grpcContext: GrpcContext = { ...context, sessionOf: (peer) => sessions.get(peer) ?? 0 };
  addRpcs(server, grpcContext, ENGRAM_RPCS);
  if (testService) addRpcs(server, grpcContext, SHAPES_RPCS);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = createServer({ noDelay: true }, (socket) => {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    sessions.set(peer, context.nextSession());
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    injector.injectConnection(socket);
  });
  return {
    listener,
    shutdown() {
      injector.destroy();
      server.forceShutdown();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function addRpcs(server: Server, context: GrpcContext, rpcs: readonly Rpc[]): void {
  const definition: Record<string, MethodDefinition<Uint8Array, Uint8Array>> = {};
  const implementation: Record<string, UntypedHandleCall> = {};
  for (const rpc of rpcs) {
    const name = rpc.path.slice(rpc.path.lastIndexOf('/') + 1);
    definition[name] = methodDefinition(rpc);
    implementation[name] = named(context, handlerOf(context, rpc));
  }
  server.addService(definition as ServiceDefinition, implementation);
}

/** Messages stay bytes here: the rpc decodes them itself, and their size and CRC are those of the wire. */
function methodDefinition(rpc: Rpc): MethodDefinition<Uint8Array, Uint8Array> {
  const toBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const asIs = (bytes: Buffer) => bytes;
  return {
    path: rpc.path,
    requestStream: rpc.kind === 'client_stream' || rpc.kind === 'bidi',
    responseStream: rpc.kind === 'server_stream' || rpc.kind === 'bidi',
    requestSerialize: toBuffer,
    requestDeserialize: asIs,
    responseSerialize: toBuffer,
    responseDeserialize: asIs,
  };
}

/** A call that says at once which server has it, where that is asked for. */
function named({ name }: GrpcContext, handler: UntypedHandleCall): UntypedHandleCall {
  if (name === undefined) return handler;
  const metadata = new Metadata();
  metadata.set('x-backend', name);
  return ((call: { sendMetadata(metadata: Metadata): void }, callback: unknown) => {
    call.sendMetadata(metadata);
    (handler as (call: unknown, callback: unknown) => void)(call, callback);
  }) as UntypedHandleCall;
}

function handlerOf(context: GrpcContext, rpc: Rpc): UntypedHandleCall {
  switch (rpc.kind) {
    case 'unary':
      return serveUnary(context, rpc) as UntypedHandleCall;
    case 'server_stream':
      return serveServerStream(context, rpc) as UntypedHandleCall;
    case 'client_stream':
      return serveClientStream(context, rpc) as UntypedHandleCall;
    case 'bidi':
      return serveBidi(context, rpc) as UntypedHandleCall;
  }
}

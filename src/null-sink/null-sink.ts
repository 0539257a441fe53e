import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createRequestParser } from '../wire/http1-parser.ts';

/** A server that takes everything and answers at once: what is measured against it is the generator. */
export interface NullSink {
  readonly httpPort: number;
  readonly grpcPort: number;
  close(): Promise<void>;
}

/** No body: an answer to any method, HEAD included. */
const HTTP_ANSWER = Buffer.from('HTTP/1.1 204 No Content\r\n\r\n');
/** One empty message. */
const GRPC_MESSAGE = Buffer.alloc(5);

/** Listens on two free ports of 127.0.0.1: HTTP/1.1, and gRPC (any method; one empty message and status 0). */
export async function startNullSink(): Promise<NullSink> {
  const sockets = new Set<Socket>();
  const http = createServer({ noDelay: true }, answerHttp);
  const grpc = createHttp2Server({ settings: { maxConcurrentStreams: 2 ** 31 - 1 } });
  grpc.on('stream', answerGrpc).on('sessionError', () => {});
  for (const server of [http, grpc]) {
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    });
  }
  const [httpPort, grpcPort] = await Promise.all([listen(http), listen(grpc)]);
  return {
    httpPort,
    grpcPort,
    close: async () => {
      const closed = [http, grpc].map((server) => new Promise((resolve) => server.close(resolve)));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}

function answerHttp(socket: Socket): void {
  const parser = createRequestParser({
    onStart: () => {},
    onHead: () => 'as-framed',
    onBody: () => {},
    onEnd: () => void socket.write(HTTP_ANSWER),
  });
  socket.on('data', (chunk) => {
    try {
      parser.push(chunk);
    } catch {
      socket.destroy(); // no HTTP
    }
  });
}

function answerGrpc(stream: ServerHttp2Stream): void {
  stream.on('error', () => {});
  stream.on('end', () => {
    if (stream.destroyed || stream.closed) return;
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(GRPC_MESSAGE);
  });
  stream.resume();
}

function listen(server: Pick<Server, 'listen' | 'address' | 'once'>): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

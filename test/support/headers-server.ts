import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';

/** A gRPC server that answers each call with status 0 and keeps its headers as they came, one byte a character. */
export interface HeadersServer {
  readonly target: string;
  /** Names and values by turns, of each call. */
  readonly heads: string[][];
  close(): Promise<void>;
}

export async function startHeadersServer(): Promise<HeadersServer> {
  const heads: string[][] = [];
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  // The types leave out the last argument, which Node documents.
  const onStream = (stream: ServerHttp2Stream, _headers: unknown, _flags: unknown, raw: string[]): void => {
    heads.push(raw);
    stream.on('error', () => {});
    stream.resume();
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '0' },
      { endStream: true },
    );
  };
  server.on('stream', onStream as (stream: ServerHttp2Stream) => void);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    heads,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createRequestParser } from '../wire/http1-parser.ts';
import { type Answers, NO_CONTENT } from './answers.ts';
import { GrpcSession } from './grpc-session.ts';

/** A server that takes everything and answers at once: what is measured against it is the generator. */
export interface NullSink {
  readonly httpPort: number;
  readonly grpcPort: number;
  close(): Promise<void>;
}

/** Listens on two free ports of 127.0.0.1: HTTP/1.1, and gRPC (any method; one message and status 0). */
export async function startNullSink(answers: Answers = NO_CONTENT): Promise<NullSink> {
  const sockets = new Set<Socket>();
  const http = createServer({ noDelay: true }, (socket) => answerHttp(socket, answers));
  const grpc = createServer({ noDelay: true }, (socket) => answerGrpc(socket, answers));
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

function answerHttp(socket: Socket, answers: Answers): void {
  let isHead = false;
  const parser = createRequestParser({
    onStart: () => {},
    onHead: ({ method }) => {
      isHead = method === 'HEAD';
      return 'as-framed';
    },
    onBody: () => {},
    onEnd: () => {
      for (const part of answers.http(isHead)) socket.write(part);
    },
  });
  answerEach(socket, (chunk) => parser.push(chunk));
}

function answerGrpc(socket: Socket, answers: Answers): void {
  const session = new GrpcSession(socket, answers);
  answerEach(socket, (chunk) => session.push(chunk));
}

function answerEach(socket: Socket, push: (chunk: Buffer) => void): void {
  socket.on('data', (chunk) => {
    try {
      push(chunk);
    } catch {
      socket.destroy(); // Not the protocol of this port.
    }
  });
}

function listen(server: Pick<Server, 'listen' | 'address' | 'once'>): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

import type { TestContext } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { LOOPBACK } from './support.ts';

/** What the server saw of one call, in order. */
export interface CallLog {
  path: string;
  metadata: Record<string, string>;
  messages: string[];
  halfClosed: boolean;
  cancelled: boolean;
}

const same = (bytes: Buffer): Buffer => bytes;
const codec = {
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};
const SERVICE: grpc.ServiceDefinition = {
  unary: { path: '/test.Shapes/Unary', requestStream: false, responseStream: false, ...codec },
  collect: { path: '/test.Shapes/Collect', requestStream: true, responseStream: false, ...codec },
  count: { path: '/test.Shapes/Count', requestStream: false, responseStream: true, ...codec },
  chat: { path: '/test.Shapes/Chat', requestStream: true, responseStream: true, ...codec },
};

/** A gRPC server of raw bytes with every shape of call; a message `fail` is answered with NOT_FOUND. */
export async function shapesServer(
  t: TestContext,
  credentials = grpc.ServerCredentials.createInsecure(),
): Promise<{ port: number; calls: CallLog[] }> {
  const calls: CallLog[] = [];
  const server = new grpc.Server();
  const log = (call: {
    metadata: grpc.Metadata;
    getPath(): string;
    on: (e: 'cancelled', f: () => void) => unknown;
  }): CallLog => {
    const metadata = Object.fromEntries(
      Object.entries(call.metadata.getMap()).map(([k, v]) => [k, String(v)]),
    );
    const entry = {
      path: call.getPath(),
      metadata,
      messages: [] as string[],
      halfClosed: false,
      cancelled: false,
    };
    call.on('cancelled', () => {
      entry.cancelled = true;
    });
    calls.push(entry);
    return entry;
  };
  server.addService(SERVICE, {
    unary: (call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
      const entry = log(call);
      entry.messages.push(call.request.toString());
      entry.halfClosed = true;
      if (call.request.toString() === 'fail') done({ code: grpc.status.NOT_FOUND, details: 'no' });
      else done(null, Buffer.from(`re:${call.request}`));
    },
    collect: (call: grpc.ServerReadableStream<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
      const entry = log(call);
      call.on('data', (message: Buffer) => entry.messages.push(message.toString()));
      call.on('end', () => {
        entry.halfClosed = true;
        done(null, Buffer.from(String(entry.messages.length)));
      });
    },
    count: (call: grpc.ServerWritableStream<Buffer, Buffer>) => {
      const entry = log(call);
      entry.messages.push(call.request.toString());
      entry.halfClosed = true;
      for (let i = 0; i < Number(call.request.toString()); i++) call.write(Buffer.from(`n${i}`));
      call.end();
    },
    chat: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
      const entry = log(call);
      call.on('error', () => {});
      call.on('data', (message: Buffer) => {
        entry.messages.push(message.toString());
        call.write(Buffer.from(`re:${message}`));
      });
      call.on('end', () => {
        entry.halfClosed = true;
        call.end();
      });
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${LOOPBACK}:0`, credentials, (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  t.after(() => server.forceShutdown());
  return { port, calls };
}

/** A client that is not ours, of raw bytes. */
export function shapesClient(
  t: TestContext,
  port: number,
  credentials = grpc.credentials.createInsecure(),
): grpc.Client {
  const client = new grpc.Client(`${LOOPBACK}:${port}`, credentials);
  t.after(() => client.close());
  return client;
}

export function unary(
  client: grpc.Client,
  message: string,
  metadata = new grpc.Metadata(),
  options: grpc.CallOptions = {},
): Promise<string> {
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      '/test.Shapes/Unary',
      same,
      same,
      Buffer.from(message),
      metadata,
      options,
      (error, answer) => resolve(error ? `error ${error.code}` : String(answer)),
    );
  });
}

export function collect(client: grpc.Client, messages: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = client.makeClientStreamRequest(
      '/test.Shapes/Collect',
      same,
      same,
      new grpc.Metadata(),
      (error, answer) => (error ? reject(error) : resolve(String(answer))),
    );
    for (const message of messages) call.write(Buffer.from(message));
    call.end();
  });
}

export function count(client: grpc.Client, to: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const got: string[] = [];
    const call = client.makeServerStreamRequest('/test.Shapes/Count', same, same, Buffer.from(String(to)));
    call.on('data', (message: Buffer) => got.push(message.toString()));
    call.on('error', reject);
    call.on('end', () => resolve(got));
  });
}

/** Sends each message once the one before is answered; then half-closes, or cancels. */
export function chat(
  client: grpc.Client,
  messages: readonly string[],
  ending: 'half-close' | 'cancel',
): Promise<string[]> {
  return new Promise((resolve) => {
    const got: string[] = [];
    const call = client.makeBidiStreamRequest('/test.Shapes/Chat', same, same);
    const next = (): void => {
      const message = messages[got.length];
      if (message !== undefined) call.write(Buffer.from(message));
      else if (ending === 'cancel') call.cancel();
      else call.end();
    };
    call.on('data', (message: Buffer) => {
      got.push(message.toString());
      next();
    });
    call.on('error', () => {});
    call.on('status', () => resolve(got));
    next();
  });
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { constants } from 'node:os';
import type { handleUnaryCall } from '@grpc/grpc-js';
import { createFileSink } from '../../src/trace/file/file-sink.ts';
import { createNdjsonWriter } from '../../src/trace/ndjson/ndjson-writer.ts';
import { emptyHeader, type TraceHeader, type TraceRecord } from '../../src/trace/record/record.ts';
import { createTraceWriter } from '../../src/trace/write/create-trace-writer.ts';
import { MS, makeRecord } from '../results/support.ts';
import { cleanEnv, MAIN, runCli } from './run-cli.ts';

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  finished: Promise<Finished>;
}

/** Starts the program; whatever is set in this process's environment for it is left out. */
export function start(args: readonly string[], input?: Buffer | 'held'): Running {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: cleanEnv(),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => {}); // it may end without reading everything
  if (input !== 'held') child.stdin.end(input);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const finished = once(child, 'close').then(([code, signal]) => ({
    code: shellCode(code, signal),
    stdout,
    stderr,
  }));
  return { child, finished };
}

/** What a shell says of a process: one that waits for a call that hangs can only end by the signal itself. */
function shellCode(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + constants.signals[signal as NodeJS.Signals];
}

/** Runs the program to its end. */
export function run(args: readonly string[], input?: Buffer): Promise<Finished> {
  return runCli(args, input === undefined ? {} : { input });
}

export interface TestServer {
  url: string;
  authority: string;
  requests: { method: string; url: string; headers: IncomingMessage['headers'] }[];
  /** Resolves when so many requests have come. */
  reached(count: number): Promise<void>;
  close(): Promise<void>;
}

/** An HTTP server on loopback that notes what comes. */
export async function startServer(answer: RequestListener): Promise<TestServer> {
  const requests: TestServer['requests'] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    requests.push({ method, url, headers });
    for (const { count, resolve } of waiting) if (requests.length >= count) resolve();
    answer(request, response);
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    authority: `127.0.0.1:${port}`,
    requests,
    reached: (count) =>
      requests.length >= count
        ? Promise.resolve()
        : new Promise((resolve) => waiting.push({ count, resolve })),
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      if (server.listening) await once(server, 'close');
    },
  };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A port on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, 'close');
  return port;
}

export const ok: RequestListener = (request, response) => {
  request.resume();
  request.on('end', () => response.end('{"ok":true}'));
};

/** Records of several sessions, `gapMs` apart; every third writes. */
export function someRecords(count: number, gapMs: number): TraceRecord[] {
  return Array.from({ length: count }, (_, i) =>
    makeRecord({
      startNs: Math.round(i * gapMs * MS),
      durationNs: MS / 2,
      session: `s${i % 5}`,
      op: i % 3 === 0 ? 'remember' : 'recall',
      method: i % 3 === 0 ? 'POST' : 'GET',
      path: i % 3 === 0 ? `/api/v1/memories/remember?n=${i}` : `/api/v1/memories/recall?n=${i}`,
      headers: ['content-type', 'application/json'],
      body: i % 3 === 0 ? Buffer.from(`{"content":"${i}"}`) : new Uint8Array(0),
      outcome: { ...makeRecord().outcome, status: 200, ok: true },
    }),
  );
}

/** Two minutes of records, the first hundred at once; so few that no rehearsal comes before them. */
export function longRecords(): TraceRecord[] {
  return someRecords(450, 2).map((record, i) =>
    i < 100 ? record : { ...record, startNs: (200 + (i - 100) * 350) * MS },
  );
}

/** Writes a trace file, or NDJSON where the name says so. */
export async function writeTrace(
  path: string,
  records: readonly TraceRecord[],
  header: Partial<TraceHeader> = {},
  maxBlockBytes?: number,
): Promise<string> {
  const whole = { ...emptyHeader(), dialect: 'engram', source: 'test', tool: 'test', ...header };
  const sink = await createFileSink(path, { force: true });
  const writer = path.endsWith('.ndjson')
    ? createNdjsonWriter(sink, whole)
    : createTraceWriter(sink, whole, maxBlockBytes === undefined ? {} : { maxBlockBytes });
  if (records.length > 0) await writer.write([...records]);
  await writer.finish();
  return path;
}

export interface GrpcTestServer {
  authority: string;
  bodies: Buffer[];
  /** Values of the metadata `x-key`. */
  keys: unknown[];
  close(): Promise<void>;
}

/** A gRPC server on loopback with one unary method, `/test.Service/Echo`. */
export async function startGrpcServer(): Promise<GrpcTestServer> {
  // A hundred modules, which few of those who import this file want.
  const grpc = await import('@grpc/grpc-js');
  const bodies: Buffer[] = [];
  const keys: unknown[] = [];
  const raw = (bytes: Buffer): Buffer => bytes;
  const echo: handleUnaryCall<Buffer, Buffer> = (call, callback) => {
    bodies.push(call.request);
    keys.push(...call.metadata.get('x-key'));
    callback(null, call.request);
  };
  const shape = { path: '/test.Service/Echo', requestStream: false, responseStream: false } as const;
  const coding = {
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  };
  const server = new grpc.Server();
  server.addService({ echo: { ...shape, ...coding } }, { echo });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { authority: `127.0.0.1:${port}`, bodies, keys, close: async () => server.forceShutdown() };
}

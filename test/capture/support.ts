import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { type Capture, startCapture } from '../../src/capture/capture.ts';
import { createCaptureClock } from '../../src/capture/capture-clock.ts';
import type { CaptureOptions } from '../../src/capture/capture-options.ts';
import type { CaptureListener } from '../../src/capture/relay/capture-listener.ts';
import { genericDialect } from '../../src/dialects/generic.ts';
import { openTrace } from '../../src/sources/open/open-trace.ts';
import {
  addLoss,
  emptyLoss,
  type Loss,
  type TraceHeader,
  type TraceRecord,
} from '../../src/trace/record/record.ts';
import { newFolder } from '../support/folders.ts';

export const LOOPBACK = '127.0.0.1';
/** Longer than any machine stands still. */
export const LONG_MS = 60_000;
export const run = promisify(execFile);

export function listenerTo(port: number): CaptureListener {
  return { listen: { host: LOOPBACK, port: 0 }, upstream: { host: LOOPBACK, port } };
}

/** A capture into a folder of its own, closed after the test. */
export async function captureFor(
  t: TestContext,
  options: Partial<CaptureOptions>,
): Promise<{ capture: Capture; folder: string; port: number }> {
  const folder = join(newFolder(), 'oplog');
  const { onWarning = () => {} } = options;
  const capture = await startCapture({
    oplogDirectory: folder,
    clock: createCaptureClock(),
    runId: 'test1234',
    tool: 'test',
    dialect: genericDialect,
    graceMs: 2_000,
    ...options,
    // Where the machine stands still the disk does too.
    onWarning: (text) => /^the op log's disk /.test(text) || onWarning(text),
  });
  t.after(() => capture.close());
  return { capture, folder, port: capture.httpPort ?? (capture.grpcPort as number) };
}

/** Names of the segments in an op log's folder, oldest first. */
export async function segmentsIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.trace.zst')).sort();
}

export interface OpLogContent {
  headers: TraceHeader[];
  records: TraceRecord[];
  loss: Loss;
  files: string[];
}

/** Everything in an op log's folder. */
export async function readOpLog(folder: string): Promise<OpLogContent> {
  const content: OpLogContent = { headers: [], records: [], loss: emptyLoss(), files: [] };
  for (const name of await segmentsIn(folder)) {
    const trace = await openTrace(join(folder, name));
    content.files.push(join(folder, name));
    content.headers.push(trace.header);
    for await (const batch of trace.records()) content.records.push(...batch);
    addLoss(content.loss, trace.loss);
    await trace.close();
  }
  return content;
}

/** Reads an op log that is being written until it holds what is wanted; fails if it never does. */
export async function whenLogged(
  folder: string,
  holds: (log: OpLogContent) => boolean,
): Promise<OpLogContent> {
  for (let tries = 0; ; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const log = await readOpLog(folder).catch(() => undefined);
    if (log !== undefined && holds(log)) return log;
    if (tries === 900)
      throw new Error(`the op log holds ${log?.records.length} records, ${log?.loss.recordsDropped} lost`);
  }
}

export interface Arrival {
  method: string;
  url: string;
  rawHeaders: string[];
  body: Buffer;
}

/** A server that notes what arrives and answers as `answer` says. */
export async function loggingServer(
  t: TestContext,
  answer: (arrival: Arrival, response: http.ServerResponse, request: http.IncomingMessage) => void = (
    _,
    response,
  ) => response.end('ok'),
): Promise<{ port: number; arrivals: Arrival[] }> {
  const arrivals: Arrival[] = [];
  const server = http.createServer({ maxHeaderSize: 128 * 1024 }, (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('error', () => {});
    request.on('end', () => {
      const { method = '', url = '', rawHeaders } = request;
      const arrival = { method, url, rawHeaders, body: Buffer.concat(parts) };
      arrivals.push(arrival);
      answer(arrival, response, request);
    });
  });
  return { port: await listenFor(t, server), arrivals };
}

/** A TCP server that treats its connections as `serve` says. */
export async function rawServer(t: TestContext, serve: (socket: net.Socket) => void): Promise<number> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    serve(socket);
  });
  return listenFor(t, server);
}

export async function listenFor(t: TestContext, server: net.Server | http.Server): Promise<number> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, 4096, resolve));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** Resolves when nobody listens at a port any more. */
export async function refused(port: number): Promise<void> {
  const isOpen = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = net.connect(port, LOOPBACK);
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  for (const endMs = performance.now() + LONG_MS; await isOpen(); ) {
    if (performance.now() > endMs) throw new Error(`somebody still listens at ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A port where nothing listens. */
export async function deadPort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until `isTrue`; a machine may stall for seconds. */
export async function until(isTrue: () => boolean, what: string, timeoutMs = LONG_MS): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`timed out: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** What the promise gives, or undefined when that takes longer than anything should. */
export async function inTime<T>(promise: Promise<T>, timeoutMs = LONG_MS): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, undefined);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Sends raw bytes and gives everything that came back, and how the connection ended. */
export function talk(
  port: number,
  bytes: string | Buffer,
  options: { halfClose?: boolean; stopAt?: RegExp } = {},
): Promise<{ text: string; error: string }> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: LOOPBACK, allowHalfOpen: true });
    let text = '';
    let error = '';
    const timer = setTimeout(() => socket.destroy(new Error('timeout')), LONG_MS);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (options.stopAt?.test(text)) socket.end();
    });
    socket.on('end', () => socket.end());
    socket.on('error', (thrown: NodeJS.ErrnoException) => {
      error = thrown.code ?? thrown.message;
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve({ text, error });
    });
    if (options.halfClose) socket.end(bytes);
    else socket.write(bytes);
  });
}

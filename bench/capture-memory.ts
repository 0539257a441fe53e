import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CONNECTION_PREFACE } from '../src/wire/http2/frames.ts';
import { benchOptions } from './shared/bench-options.ts';
import { withCleanUp } from './shared/clean-up.ts';
import { processFigures } from './shared/process-figures.ts';
import { runChild } from './shared/run-child.ts';
import { withFolder } from './support.ts';

const BUDGET_MIB = 16;
const ON_TOP_MIB = 150;
/** No load sends for longer, whatever happens. */
const LOAD_MS = 60_000;
/** A side that takes nothing for so long has stopped. */
const STALL_MS = 3_000;
const BUSY_MS = 5_000;
const LOOPBACK = '127.0.0.1';
/** The last byte of a request that the server answers. */
const ASKS = 1;
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const OPTIONS = { rounds: [1, 'how often each load runs, each time with a capture of its own'] } as const;

/** What a load works with, and what came of it. */
interface Run {
  readonly port: number;
  readonly endMs: number;
  readonly sockets: Set<net.Socket>;
  sentBytes: number;
  passedBytes: number;
  answers: number;
}

interface Load {
  readonly name: string;
  readonly act: (run: Run) => Promise<void>;
  /** The server answers each chunk that ends with `ASKS`. */
  readonly isAnswered?: boolean;
  /** After so many bytes the server reads no more. */
  readonly takesBytes?: number;
}

const LOADS: readonly Load[] = [
  { name: '2,000 unfinished heads of 250 KB', act: (run) => sendHeads(run, 2_000) },
  { name: '2,000 idle, 200 busy connections', act: (run) => keepBusy(run, 2_000, 200), isAnswered: true },
  {
    name: '1 GB body, reader stops at 0.9 GB',
    act: (run) => repeat(run, BODY, KILOBYTE, 1e6),
    takesBytes: 9e8,
  },
  { name: '17 million chunks of 1 byte', act: (run) => repeat(run, CHUNKED, '1\r\na\r\n', 17e6) },
  {
    name: '3 million HTTP/2 frames of 1 byte',
    act: (run) => repeat(run, callTo('text/plain'), ONE_BYTE, 3e6),
  },
  { name: '3 million gRPC frames of 1 byte', act: (run) => repeat(run, GRPC_CALL, ONE_BYTE, 3e6) },
];

const CHUNKED = 'POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const BODY = 'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n';
const KILOBYTE = 'b'.repeat(1_000);
const ONE_BYTE = frame(0, 0, 1, 'a');
/** Opens a message of 3,000,000 bytes. */
const GRPC_CALL = callTo('application/grpc') + frame(0, 0, 1, '\x00\x00\x2d\xc6\xc0');

/** Peak resident memory of capture under hostile loads in their full size, beside what it may take. */
export async function run(args: readonly string[]): Promise<void> {
  const { rounds } = benchOptions(args, OPTIONS);
  if (process.platform !== 'linux') return console.log('capture-memory: skipped, it reads /proc');
  for (let round = 0; round < rounds; round++)
    for (const load of LOADS) await withFolder((f) => measure(load, f));
}

async function measure(load: Load, folder: string): Promise<void> {
  const state: Run = { port: 0, endMs: 0, sockets: new Set(), sentBytes: 0, passedBytes: 0, answers: 0 };
  const server = net.createServer((socket) => serve(socket, state, load));
  server.listen(0, LOOPBACK);
  await once(server, 'listening');
  const close = (): void => {
    for (const socket of state.sockets) socket.destroy();
    server.close();
  };
  await withCleanUp(close, () => runCapture(load, state, (server.address() as net.AddressInfo).port, folder));
}

async function runCapture(load: Load, state: Run, upstream: number, folder: string): Promise<void> {
  const main = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
  const listen = [
    '--http-listen',
    '0',
    '--http-upstream',
    String(upstream),
    '--oplog',
    join(folder, 'oplog'),
  ];
  const limits = ['--buffer', `${BUDGET_MIB}MiB`, '--grace', '1s'];
  let peakMb = 0;
  const { stdout } = await runChild(
    [process.execPath, main, 'capture', '--quiet', '--json', ...listen, ...limits],
    {
      onStart: (child) =>
        child.stdout?.once('data', async (line: Buffer) => {
          const { http_port } = JSON.parse(line.toString()) as { http_port: number };
          const ready = { port: http_port, endMs: performance.now() + LOAD_MS };
          await load.act(Object.assign(state, ready)).finally(() => {
            peakMb = processFigures(child.pid as number).peakMb;
            child.kill('SIGTERM');
          });
        }),
    },
  );
  print(load.name, peakMb, state, stdout);
}

function serve(socket: net.Socket, state: Run, { takesBytes = Infinity, isAnswered }: Load): void {
  keep(socket, state).on('data', (chunk: Buffer) => {
    state.passedBytes += chunk.length;
    if (state.passedBytes > takesBytes) socket.pause();
    if (isAnswered && chunk.at(-1) === ASKS) socket.write(ANSWER);
  });
}

function keep(socket: net.Socket, state: Run): net.Socket {
  state.sockets.add(socket);
  return socket.on('error', () => {});
}

/** One after another: a burst would not fit the queue of those that wait to be accepted. */
async function open(state: Run, count: number): Promise<net.Socket[]> {
  const sockets: net.Socket[] = [];
  while (sockets.length < count) {
    const socket = keep(net.connect({ port: state.port, host: LOOPBACK, noDelay: true }), state);
    sockets.push(socket);
    await once(socket, 'connect');
  }
  return sockets;
}

/** False once the other side takes no more, or the time is over. */
async function send(state: Run, socket: net.Socket, bytes: Buffer | string): Promise<boolean> {
  if (socket.destroyed || performance.now() > state.endMs) return false;
  state.sentBytes += bytes.length;
  if (socket.write(bytes, 'latin1')) return true;
  const drained = once(socket, 'drain', { signal: AbortSignal.timeout(STALL_MS) });
  return drained.then(Boolean, () => false);
}

/** All that was sent has passed, or no more of it does. */
async function settle(state: Run): Promise<void> {
  let before = -1;
  while (state.passedBytes < state.sentBytes && state.passedBytes > before) {
    before = state.passedBytes;
    await sleep(STALL_MS / 2);
  }
}

async function sendHeads(state: Run, count: number): Promise<void> {
  const sockets = await open(state, count);
  const line = Buffer.from(`x-a: ${'b'.repeat(15_993)}\r\n`);
  for (const socket of sockets) await send(state, socket, 'POST /x HTTP/1.1\r\nHost: a\r\n');
  for (let i = 0; i < 16; i++) for (const socket of sockets) await send(state, socket, line);
  await settle(state);
}

async function keepBusy(state: Run, idle: number, busy: number): Promise<void> {
  await open(state, idle);
  const head = 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 8000\r\n\r\n';
  const request = Buffer.from(`${head}${'a'.repeat(7_999)}\x01`);
  const endMs = performance.now() + BUSY_MS;
  const ask = async (socket: net.Socket): Promise<void> => {
    while (performance.now() < endMs) {
      const answer = once(socket, 'data', { signal: AbortSignal.timeout(LOAD_MS) });
      if (!(await send(state, socket, request))) return;
      await answer;
      state.answers++;
    }
  };
  await Promise.all((await open(state, busy)).map(ask));
}

/** The same few bytes so many times over one connection, some 64 KB at a time. */
async function repeat(state: Run, first: string, unit: string, times: number): Promise<void> {
  const [socket] = (await open(state, 1)) as [net.Socket];
  const count = Math.ceil(65_536 / unit.length);
  const part = Buffer.from(unit.repeat(count), 'latin1');
  let isTaken = await send(state, socket, first);
  for (let i = 0; i < times && isTaken; i += count) isTaken = await send(state, socket, part);
  await settle(state);
}

function frame(type: number, flags: number, stream: number, payload: string): string {
  return `${String.fromCharCode(0, 0, payload.length, type, flags, 0, 0, 0, stream)}${payload}`;
}

function callTo(contentType: string): string {
  const fields = [':method', 'POST', ':path', '/a.B/C', ':scheme', 'http', 'content-type', contentType];
  const texts = fields.map((text, i) => (i % 2 === 0 ? '\0' : '') + String.fromCharCode(text.length) + text);
  return CONNECTION_PREFACE.toString('latin1') + frame(4, 0, 0, '') + frame(1, 4, 1, texts.join(''));
}

function print(name: string, peakMb: number, state: Run, stdout: string): void {
  const counted = (key: string): string => new RegExp(`"${key}": ?(\\d+)`).exec(stdout)?.[1] ?? '?';
  const limit = BUDGET_MIB + ON_TOP_MIB;
  const passed = `${(state.passedBytes / 1e6).toFixed(0)} of ${(state.sentBytes / 1e6).toFixed(0)} MB passed`;
  const record = `${counted('records')} records, ${counted('recordsDropped')} dropped, ${counted('bodiesTruncated')} cut`;
  const verdict = peakMb > 0 && peakMb <= limit ? 'ok' : 'OVER';
  console.log(
    `${name.padEnd(34)} peak ${peakMb.toFixed(0)} MiB (limit ${limit}) ${verdict.padEnd(4)}  ${passed}, ${state.answers} answers; ${record}`,
  );
}

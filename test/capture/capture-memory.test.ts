import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { CONNECTION_PREFACE } from '../../src/wire/http2/frames.ts';
import { newFolder } from '../support/folders.ts';
import { DATA, frame, headers, SETTINGS } from './http2-frames.ts';
import { startCommand } from './start-command.ts';
import { LOOPBACK, rawServer, until } from './support.ts';

const BUDGET_MIB = 16;
/** What comes on top of the budget: the program itself, its sockets, and garbage that is yet to be collected. */
const ON_TOP_MIB = 150;
const PATIENCE_MS = 60_000;
const isLinux = process.platform === 'linux';

interface Load {
  /** Sends to a connection, and waits while it takes no more. */
  send(socket: net.Socket, bytes: Buffer | string): Promise<void>;
  open(count: number): Promise<net.Socket[]>;
  /** All that was sent has reached the server. */
  arrived(): Promise<void>;
}

/** Runs `act` against the built command, whose server reads and never answers, and gives the most memory it had. */
async function peakMiB(t: TestContext, act: (load: Load) => Promise<void>): Promise<number> {
  let gotBytes = 0;
  let sentBytes = 0;
  const upstream = await rawServer(t, (socket) => {
    socket.on('data', (chunk) => {
      gotBytes += chunk.length;
    });
  });
  const oplog = join(newFolder(), 'oplog');
  const listen = ['--http-listen', '0', '--http-upstream', String(upstream), '--buffer', `${BUDGET_MIB}MiB`];
  const { child, port } = await startCommand(t, ['--quiet', '--oplog', oplog, ...listen]);
  await act({
    open: (count) => Promise.all(Array.from({ length: count }, () => connect(t, port))),
    async send(socket, bytes) {
      sentBytes += bytes.length;
      if (!socket.write(bytes)) await once(socket, 'drain');
    },
    arrived: () => until(() => gotBytes >= sentBytes, 'all bytes passed', PATIENCE_MS),
  });
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

async function connect(t: TestContext, port: number): Promise<net.Socket> {
  const socket = net.connect({ port, host: LOOPBACK, noDelay: true });
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

const callTo = (contentType: string): Buffer => {
  const head = { ':method': 'POST', ':path': '/a.B/C', ':scheme': 'http', 'content-type': contentType };
  return Buffer.concat([CONNECTION_PREFACE, frame(SETTINGS, 0, 0), headers(1, head)]);
};
const ONE_BYTE_FRAMES = Buffer.concat(Array(5_000).fill(frame(DATA, 0, 1, 'a')));

/** The same bytes many times over one connection. */
async function repeat(load: Load, first: Buffer | string, unit: Buffer, times: number): Promise<void> {
  const [socket] = await load.open(1);
  await load.send(socket as net.Socket, first);
  for (let i = 0; i < times; i++) await load.send(socket as net.Socket, unit);
  await load.arrived();
}

/** On each of many connections `first`, then `part` several times. */
async function spread(load: Load, count: number, first: string, part: Buffer, times: number): Promise<void> {
  const sockets = await load.open(count);
  for (const socket of sockets) await load.send(socket, first);
  for (let i = 0; i < times; i++) for (const socket of sockets) await load.send(socket, part);
  await load.arrived();
}

const HEAD_LINE = Buffer.from(`x-a: ${'b'.repeat(25_000)}\r\n`);
const UPGRADE = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';
const manyLines = Array.from({ length: 10_000 }, (_, i) => `h${i}: ${i}\r\n`).join('');

const loads: [string, (load: Load) => Promise<void>][] = [
  [
    'a body in chunks of 1 byte',
    (load) => {
      const head = 'POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
      return repeat(load, head, Buffer.from('1\r\na\r\n'.repeat(10_000)), 200);
    },
  ],
  ['HTTP/2 frames of 1 byte', (load) => repeat(load, callTo('text/plain'), ONE_BYTE_FRAMES, 200)],
  [
    'a gRPC message in frames of 1 byte',
    (load) => {
      const prefix = frame(DATA, 0, 1, Buffer.from([0, 0, 0x7f, 0xff, 0xff]));
      const call = Buffer.concat([callTo('application/grpc'), prefix]);
      return repeat(load, call, ONE_BYTE_FRAMES, 200);
    },
  ],
  ['heads that never end', (load) => spread(load, 500, 'GET /x HTTP/1.1\r\n', HEAD_LINE, 10)],
  [
    'bytes behind an upgrade without an answer',
    (load) => spread(load, 500, UPGRADE, Buffer.alloc(25_000), 10),
  ],
  [
    'requests of 10,000 header lines without an answer',
    (load) => spread(load, 40, '', Buffer.from(`GET / HTTP/1.1\r\n${manyLines}\r\n`), 3),
  ],
  [
    'a thousand idle connections and a hundred that send',
    async (load) => {
      await load.open(1_000);
      const post = `POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 8000\r\n\r\n${'b'.repeat(8_000)}`;
      await spread(load, 100, '', Buffer.from(post), 10);
    },
  ],
];

describe('memory of capture', { skip: !isLinux }, () => {
  for (const [name, act] of loads) {
    it(`stays under its budget and ${ON_TOP_MIB} MiB with ${name}`, async (t) => {
      const peak = await peakMiB(t, act);
      assert.ok(peak > 0 && peak < BUDGET_MIB + ON_TOP_MIB, `${peak.toFixed(0)} MiB`);
    });
  }
});

import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { benchOptions } from './shared/bench-options.ts';
import { withNginx } from './shared/nginx-target.ts';
import { outputOf } from './shared/run-child.ts';
import { median } from './support.ts';

/** A message of 768 floats with what goes with it. */
const MESSAGE_BYTES = 3077;
const IN_FLIGHT = 64;
const CONNECTIONS = 2;
const WARM_UP = 20_000;

type Drive = (port: number, calls: number) => Promise<void>;

const VARIANTS: Readonly<Record<string, Drive>> = {
  'prepared frames on node:net': drivePrepared,
  'node:http2': driveHttp2,
  'grpc-js': driveGrpcJs,
};

/** Measures what gRPC over HTTP/2 costs at least in this runtime: CPU per call of prepared frames and of libraries. */
export async function run(args: readonly string[]): Promise<void> {
  const { rounds } = benchOptions(args, { rounds: [5, 'of all variants by turns'] });
  await withNginx(async ({ grpc }) => {
    const costs = new Map(Object.keys(VARIANTS).map((name) => [name, [] as number[]]));
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, found] of costs)
        found.push(await measure(name, grpc, name === 'grpc-js' ? 15_000 : 60_000));
    }
    const base = costs.get('prepared frames on node:net') ?? [];
    console.log(`gRPC unary, ${MESSAGE_BYTES} B out, nginx on the other core, medians of ${rounds} rounds`);
    for (const [name, found] of costs) {
      const ratio = median(found.map((cost, round) => cost / (base[round] as number)));
      console.log(
        `${name.padEnd(30)} ${median(found).toFixed(1).padStart(7)} us CPU/call  ${ratio.toFixed(2)}x`,
      );
    }
  });
}

/** In a process of its own, so that no variant inherits another's heap. */
async function measure(name: string, port: number, calls: number): Promise<number> {
  const script = fileURLToPath(import.meta.url);
  const command = [process.execPath, script, '--client', name, `${port}`, `${calls}`];
  return Number(await outputOf(command, { cores: '0' }));
}

async function client([name = '', port = '', calls = '']: string[]): Promise<void> {
  const drive = VARIANTS[name] as Drive;
  await drive(Number(port), WARM_UP);
  const before = process.cpuUsage();
  await drive(Number(port), Number(calls));
  const { user, system } = process.cpuUsage(before);
  console.log((user + system) / Number(calls));
}

function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

function literal(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}

/** The least there is: frames copied and numbered, one write a turn, of the answer only the ends of streams read. */
async function drivePrepared(port: number, calls: number): Promise<void> {
  const block = Buffer.concat([
    Buffer.from([0x83, 0x86, 0x04, 4]),
    Buffer.from('/S/M'),
    Buffer.from([0x01, 9]),
    Buffer.from('127.0.0.1'),
    literal('te', 'trailers'),
    literal('content-type', 'application/grpc'),
  ]);
  const call = Buffer.concat([frame(1, 4, 0, block), frame(0, 1, 0, Buffer.alloc(MESSAGE_BYTES))]);
  const dataAt = 9 + block.length;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, () => driveSocket(port, call, dataAt, calls / CONNECTIONS)),
  );
}

function driveSocket(port: number, call: Buffer, dataAt: number, calls: number): Promise<void> {
  let out = Buffer.alloc(call.length * IN_FLIGHT);
  const received = Buffer.alloc(65536);
  let left = Buffer.alloc(0);
  let started = 0;
  let ended = 0;
  return new Promise((resolve, reject) => {
    const start = (count: number): void => {
      // What the kernel did not take at once is still to be read from where it is.
      if (socket.writableLength > 0) out = Buffer.alloc(out.length);
      let at = 0;
      for (let each = 0; each < count && started < calls; each += 1) {
        out.set(call, at);
        const id = 2 * started++ + 1;
        out.writeUInt32BE(id, at + 5);
        out.writeUInt32BE(id, at + dataAt + 5);
        at += call.length;
      }
      if (at > 0) socket.write(out.subarray(0, at));
    };
    const read = (bytes: number): boolean => {
      const chunk =
        left.length === 0 ? received.subarray(0, bytes) : Buffer.concat([left, received.subarray(0, bytes)]);
      let at = 0;
      let count = 0;
      while (at + 9 <= chunk.length) {
        const end = at + 9 + chunk.readUIntBE(at, 3);
        if (end > chunk.length) break;
        if ((chunk[at + 3] as number) <= 1 && ((chunk[at + 4] as number) & 1) === 1) count += 1;
        at = end;
      }
      left = at === chunk.length ? left.subarray(0, 0) : Buffer.from(chunk.subarray(at));
      ended += count;
      if (ended >= calls) {
        socket.destroy();
        resolve();
      } else start(count);
      return true;
    };
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: received, callback: read },
    });
    socket.on('error', reject);
    // Header table of 0 bytes, and a window on the connection that never fills here.
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    socket.write(frame(4, 0, 0, Buffer.from([0, 1, 0, 0, 0, 0])));
    socket.write(frame(8, 0, 0, Buffer.from([0x7f, 0, 0, 0])));
    start(IN_FLIGHT / CONNECTIONS);
  });
}

async function driveHttp2(port: number, calls: number): Promise<void> {
  const message = Buffer.alloc(MESSAGE_BYTES);
  const headers = { ':method': 'POST', ':path': '/S/M', te: 'trailers', 'content-type': 'application/grpc' };
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const session = connectHttp2(`http://127.0.0.1:${port}`);
      await inLanes(IN_FLIGHT / CONNECTIONS, calls / CONNECTIONS, (done) => {
        const stream = session.request(headers);
        stream.on('data', () => {});
        stream.on('trailers', () => {});
        stream.on('end', done);
        stream.end(message);
      });
      session.destroy();
    }),
  );
}

async function driveGrpcJs(port: number, calls: number): Promise<void> {
  const message = Buffer.alloc(MESSAGE_BYTES);
  const metadata = new Metadata();
  const asIs = (bytes: Buffer): Buffer => bytes;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const grpc = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
        'grpc.use_local_subchannel_pool': 1,
      });
      await inLanes(IN_FLIGHT / CONNECTIONS, calls / CONNECTIONS, (done) => {
        grpc.makeUnaryRequest('/S/M', asIs, asIs, message, metadata, (error) => {
          if (error) throw error;
          done();
        });
      });
      grpc.close();
    }),
  );
}

function inLanes(lanes: number, calls: number, call: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    let started = 0;
    let ended = 0;
    const next = (): void => {
      if (started >= calls) return;
      started += 1;
      call(() => {
        ended += 1;
        if (ended >= calls) resolve();
        else next();
      });
    };
    for (let lane = 0; lane < lanes; lane += 1) next();
  });
}

if (process.argv[2] === '--client') await client(process.argv.slice(3));

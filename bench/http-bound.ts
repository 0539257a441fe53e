import { Agent, request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Client } from 'undici';
import { benchOptions } from './shared/bench-options.ts';
import { withNginx } from './shared/nginx-target.ts';
import { outputOf } from './shared/run-child.ts';
import { median } from './support.ts';

const CONNECTIONS = 16;
const WARM_UP = 20_000;
const PATH = '/api/v1/memories/recall?query=bench';
const HEADERS = ['accept', 'application/json', 'user-agent', 'bench'];

/** Sends one request after the other on each of its connections, until `started` says stop. */
type Drive = (port: number, body: Buffer, next: () => boolean, done: () => void) => void;

const VARIANTS: Readonly<Record<string, { drive: Drive; operations: number }>> = {
  'prepared bytes on node:net, onread': { drive: driveOnRead, operations: 100_000 },
  "prepared bytes on node:net, 'data'": { drive: driveData, operations: 100_000 },
  'undici dispatch': { drive: driveUndici, operations: 50_000 },
  'node:http': { drive: driveHttp, operations: 25_000 },
};

/**
 * Measures what HTTP/1.1 costs at least in this runtime: CPU per operation of prepared bytes (answers are taken to
 * be one read, and are not looked at) and of libraries, against nginx on the other core.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { rounds } = benchOptions(args, { rounds: [5, 'of all variants by turns'] });
  await withNginx(async ({ http }) => {
    for (const bodyBytes of [0, 8192]) await measureAll(http, bodyBytes, rounds);
  });
}

async function measureAll(port: number, bodyBytes: number, rounds: number): Promise<void> {
  const costs = new Map(Object.keys(VARIANTS).map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, found] of costs) found.push(await measure(name, port, bodyBytes));
  }
  const [base = []] = costs.values();
  const what = bodyBytes === 0 ? 'GET without a body' : `POST of ${bodyBytes} B`;
  console.log(
    `HTTP/1.1, ${what}, ${CONNECTIONS} connections, nginx on the other core, medians of ${rounds} rounds`,
  );
  for (const [name, found] of costs) {
    const ratio = median(found.map((cost, round) => cost / (base[round] as number)));
    console.log(`${name.padEnd(36)} ${median(found).toFixed(1).padStart(6)} us CPU/op  ${ratio.toFixed(2)}x`);
  }
}

/** In a process of its own, so that no variant inherits another's heap. */
async function measure(name: string, port: number, bodyBytes: number): Promise<number> {
  const script = fileURLToPath(import.meta.url);
  const command = [process.execPath, script, '--client', name, `${port}`, `${bodyBytes}`];
  return Number(await outputOf(command, { cores: '0' }));
}

function client([name = '', port = '', bodyBytes = '']: string[]): void {
  const { drive, operations } = VARIANTS[name] as { drive: Drive; operations: number };
  let left = WARM_UP + operations;
  let ended = 0;
  let before = process.cpuUsage();
  const next = (): boolean => left-- > 0;
  const done = (): void => {
    ended += 1;
    if (ended === WARM_UP) before = process.cpuUsage();
    if (ended < WARM_UP + operations) return;
    const { user, system } = process.cpuUsage(before);
    process.stdout.write(`${(user + system) / operations}\n`, () => process.exit(0));
  };
  drive(Number(port), Buffer.alloc(Number(bodyBytes), 'x'), next, done);
}

function preparedRequest(port: number, body: Buffer): Buffer {
  const length = body.length === 0 ? '' : `content-length: ${body.length}\r\n`;
  const head = `${methodFor(body)} ${PATH} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nconnection: keep-alive\r\n`;
  return Buffer.concat([
    Buffer.from(`${head}accept: application/json\r\nuser-agent: bench\r\n${length}\r\n`),
    body,
  ]);
}

function methodFor(body: Buffer): string {
  return body.length === 0 ? 'GET' : 'POST';
}

function driveOnRead(port: number, body: Buffer, next: () => boolean, done: () => void): void {
  const bytes = preparedRequest(port, body);
  const buffer = Buffer.alloc(65_536);
  for (let count = 0; count < CONNECTIONS; count += 1) {
    const go = (): boolean => next() && socket.write(bytes);
    const callback = (): boolean => {
      done();
      go();
      return true;
    };
    const socket: Socket = connect(
      { port, host: '127.0.0.1', noDelay: true, onread: { buffer, callback } },
      go,
    );
  }
}

function driveData(port: number, body: Buffer, next: () => boolean, done: () => void): void {
  const bytes = preparedRequest(port, body);
  for (let count = 0; count < CONNECTIONS; count += 1) {
    const go = (): boolean => next() && socket.write(bytes);
    const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true }, go);
    socket.on('data', () => {
      done();
      go();
    });
  }
}

function driveUndici(port: number, body: Buffer, next: () => boolean, done: () => void): void {
  const method = methodFor(body);
  for (let count = 0; count < CONNECTIONS; count += 1) {
    const pool = new Client(`http://127.0.0.1:${port}`, { pipelining: 1 });
    const go = (): void => {
      if (!next()) return;
      pool.dispatch(
        { method, path: PATH, headers: HEADERS, body: body.length === 0 ? null : body },
        {
          onConnect() {},
          onHeaders: () => true,
          onData: () => true,
          onComplete() {
            done();
            go();
          },
          onError(error) {
            throw error;
          },
        },
      );
    };
    go();
  }
}

function driveHttp(port: number, body: Buffer, next: () => boolean, done: () => void): void {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const headers = Object.fromEntries([HEADERS.slice(0, 2), HEADERS.slice(2)]);
  const go = (): void => {
    if (!next()) return;
    const options = { agent, host: '127.0.0.1', port, path: PATH, method: methodFor(body), headers };
    const sent = httpRequest(options, (response) => {
      response.resume();
      response.on('end', () => {
        done();
        go();
      });
    });
    sent.end(body.length === 0 ? undefined : body);
  };
  for (let count = 0; count < CONNECTIONS; count += 1) go();
}

if (process.argv[2] === '--client') client(process.argv.slice(3));

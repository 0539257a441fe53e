import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SendListener, SendOutcome, Transport } from '../src/replay/ports.ts';
import { createRealClock } from '../src/replay/real-clock.ts';
import { emptyRecord, type TraceRecord } from '../src/trace/record.ts';
import { createGrpcTransport } from '../src/transports/grpc-transport.ts';
import { createWireGrpcTransport } from '../src/transports/wire-grpc/wire-grpc-transport.ts';
import { startGrpcTarget } from './grpc-target.ts';
import { cpuSecondsOf, median } from './support.ts';

/** A message of 768 floats with what goes with it. */
const MESSAGE_BYTES = 3077;
const IN_FLIGHT = 64;
const CONNECTIONS = 2;
const WARM_UP = 20_000;
const ROUNDS = 7;

const TRANSPORTS: Readonly<Record<string, (port: number) => Transport>> = {
  wire: (port) => createWireGrpcTransport(optionsFor(port)),
  'grpc-js': (port) => createGrpcTransport(optionsFor(port)),
};

/** CPU per unary call of 3 KB with each transport and with h2load, nginx on the other core. */
export async function run(): Promise<void> {
  const target = await startGrpcTarget();
  const body = join(tmpdir(), `grpc-cost-${process.pid}`);
  writeFileSync(body, framedMessage());
  const costs: Record<string, number[]> = { wire: [], h2load: [], 'grpc-js': [] };
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      costs['wire']?.push(measure('wire', target.port, 100_000));
      costs['h2load']?.push(await h2load(target.port, body, 100_000));
      costs['grpc-js']?.push(measure('grpc-js', target.port, 15_000));
    }
  } finally {
    await target.stop();
    rmSync(body, { force: true });
  }
  report(costs);
}

function report(costs: Record<string, number[]>): void {
  console.log(
    `gRPC unary, ${MESSAGE_BYTES} B out, ${IN_FLIGHT} in flight, nginx on the other core, ${ROUNDS} rounds`,
  );
  for (const [name, found] of Object.entries(costs)) {
    const of = (other: string): string =>
      median(found.map((cost, round) => cost / (costs[other]?.[round] ?? Number.NaN))).toFixed(2);
    const low = Math.min(...found).toFixed(1);
    const high = Math.max(...found).toFixed(1);
    console.log(
      `${name.padEnd(8)} ${median(found).toFixed(1).padStart(6)} us CPU/call (${low} to ${high})` +
        `  ${of('h2load')} of h2load's  ${of('grpc-js')} of grpc-js's`,
    );
  }
  console.log('targets: wire at most 1.50 of h2load’s and 0.20 of grpc-js’s');
}

/** In a process of its own, so that no transport inherits another's heap. */
function measure(name: string, port: number, calls: number): number {
  const script = fileURLToPath(import.meta.url);
  const args = ['-c', '0', process.execPath, script, '--client', name, `${port}`, `${calls}`];
  const { stdout, stderr, status } = spawnSync('taskset', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
  return Number(stdout);
}

async function h2load(port: number, body: string, calls: number): Promise<number> {
  const headers = "-H 'te: trailers' -H 'content-type: application/grpc' -H 'user-agent: bench'";
  const load = `-n ${calls} -c ${CONNECTIONS} -m ${IN_FLIGHT / CONNECTIONS} -d ${body}`;
  const seconds = await cpuSecondsOf(`taskset -c 0 h2load ${load} ${headers} http://127.0.0.1:${port}/S/M`);
  return (seconds * 1e6) / calls;
}

async function client([name = '', port = '', calls = '']: string[]): Promise<void> {
  const transport = (TRANSPORTS[name] as (port: number) => Transport)(Number(port));
  // grpc-js lets a process end that waits for nothing but its connections.
  const awake = setInterval(() => {}, 1000);
  await transport.warmUp();
  await drive(transport, WARM_UP);
  const before = process.cpuUsage();
  await drive(transport, Number(calls));
  const { user, system } = process.cpuUsage(before);
  await transport.close();
  clearInterval(awake);
  console.log((user + system) / Number(calls));
}

/** Closed loop: each call that ends starts the next. */
function drive(transport: Transport, calls: number): Promise<void> {
  const record = callRecord();
  return new Promise((resolve, reject) => {
    let started = 0;
    let ended = 0;
    const next = (): void => {
      started += 1;
      transport.send(record, 1, listener);
    };
    const listener: SendListener = {
      onSent() {},
      onFirstAnswer() {},
      onDone(outcome: SendOutcome) {
        ended += 1;
        if (!outcome.ok || outcome.responseBytes !== 5) reject(new Error(JSON.stringify(outcome)));
        else if (ended === calls) resolve();
        else if (started < calls) next();
      },
    };
    while (started < IN_FLIGHT) next();
  });
}

function callRecord(): TraceRecord {
  return {
    ...emptyRecord(),
    session: 's',
    op: 'remember',
    protocol: 'grpc',
    method: 'POST',
    path: '/S/M',
    headers: ['te', 'trailers', 'content-type', 'application/grpc', 'user-agent', 'bench'],
    body: new Uint8Array(MESSAGE_BYTES),
  };
}

function framedMessage(): Buffer {
  const framed = Buffer.alloc(5 + MESSAGE_BYTES);
  framed.writeUInt32BE(MESSAGE_BYTES, 1);
  return framed;
}

function optionsFor(port: number) {
  return { target: `127.0.0.1:${port}`, channels: CONNECTIONS, clock: createRealClock() };
}

if (process.argv[2] === '--client') await client(process.argv.slice(3));
else if (process.argv[1] === fileURLToPath(import.meta.url)) await run();

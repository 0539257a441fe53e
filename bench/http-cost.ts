import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SendOutcome, Transport } from '../src/replay/ports.ts';
import { emptyRecord, NO_BYTES, type TraceRecord } from '../src/trace/record.ts';
import { createUndiciTransport } from '../src/transports/undici-transport.ts';
import { createWireHttpTransport } from '../src/transports/wire-http/wire-http-transport.ts';
import { startNginx } from '../test/support/nginx.ts';
import { median, withFolder } from './support.ts';

const CONNECTIONS = 16;
const BODY_BYTES = 8192;
const WARM_UP = 20_000;
const ROUNDS = 5;
const HEADERS = ['accept', 'application/json', 'user-agent', 'bench'];
const PATH = '/api/v1/memories/recall?query=bench';

/** `wire, new paths`: no request line is like the one before, as with real queries. */
const SUBJECTS: Readonly<Record<string, { create: (origin: URL) => Transport; newPaths: boolean }>> = {
  wire: { create: (origin) => createWireHttpTransport({ origin }), newPaths: false },
  'wire, new paths': { create: (origin) => createWireHttpTransport({ origin }), newPaths: true },
  undici: { create: (origin) => createUndiciTransport({ origin }), newPaths: false },
};

interface Work {
  port: number;
  operations: number;
  /** A file with the body; '' for a GET. */
  bodyFile: string;
  /** The same for wrk, which reads it from a script. */
  script: string;
}

/** Commands that send `operations` requests; wrk knows a time only, and says how many it were. */
const TOOLS: Readonly<Record<string, (work: Work) => string>> = {
  wrk: ({ bodyFile, script }) => `wrk -t 1 -c ${CONNECTIONS} -d 2s ${bodyFile === '' ? '' : `-s ${script}`}`,
  hey: ({ bodyFile, operations }) =>
    `hey -n ${operations} -c ${CONNECTIONS} -cpus 1 ${bodyFile === '' ? '' : `-m POST -D ${bodyFile}`}`,
  bombardier: ({ bodyFile, operations }) =>
    `bombardier -n ${operations} -c ${CONNECTIONS} ${bodyFile === '' ? '' : `-m POST -f ${bodyFile}`}`,
  autocannon: ({ bodyFile, operations }) =>
    `autocannon -a ${operations} -c ${CONNECTIONS} ${bodyFile === '' ? '' : `-m POST -i ${bodyFile}`}`,
};

/** CPU per operation of our transports and of load tools at the same work, nginx on the other core. */
export async function run(): Promise<void> {
  const nginx = await startNginx('location / { return 200 "a small answer"; }', { core: 1 });
  try {
    await withFolder(async (folder) => {
      const bodyFile = join(folder, 'body');
      const script = join(folder, 'post.lua');
      writeFileSync(bodyFile, 'x'.repeat(BODY_BYTES));
      writeFileSync(script, `wrk.method = "POST"\nwrk.body = string.rep("x", ${BODY_BYTES})\n`);
      measureAll('GET without a body', { port: nginx.port, operations: 60_000, bodyFile: '', script });
      measureAll(`POST of ${BODY_BYTES} B`, { port: nginx.port, operations: 40_000, bodyFile, script });
    });
  } finally {
    await nginx.stop();
  }
}

function measureAll(what: string, work: Work): void {
  const tools = Object.keys(TOOLS).filter(isInstalled);
  const missing = Object.keys(TOOLS).filter((name) => !tools.includes(name));
  const costs = new Map([...Object.keys(SUBJECTS), ...tools].map((name) => [name, [] as number[]]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, found] of costs) found.push(name in SUBJECTS ? ours(name, work) : tool(name, work));
  }
  console.log(`HTTP/1.1, ${what}, ${CONNECTIONS} in flight, nginx on the other core, ${ROUNDS} rounds`);
  for (const [name, found] of costs) console.log(line(name, found, costs));
  if (missing.length > 0) console.log(`not installed, left out: ${missing.join(', ')}`);
  console.log('targets: wire at most 1.50 of wrk’s and 0.50 of undici’s, and below hey’s');
}

function line(name: string, found: readonly number[], costs: Map<string, number[]>): string {
  const of = (other: string): string => {
    const others = costs.get(other);
    if (others === undefined) return '';
    const ratio = median(found.map((cost, round) => cost / (others[round] as number)));
    return `  ${ratio.toFixed(2)} of ${other}'s`;
  };
  const range = `${Math.min(...found).toFixed(1)} to ${Math.max(...found).toFixed(1)}`;
  const cost = median(found).toFixed(1).padStart(6);
  return `${name.padEnd(16)} ${cost} us CPU/op (${range})${of('wrk')}${of('undici')}${of('hey')}`;
}

function isInstalled(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

/** In a process of its own, so that no transport inherits another's heap. */
function ours(name: string, { port, operations, bodyFile }: Work): number {
  const script = fileURLToPath(import.meta.url);
  const size = bodyFile === '' ? 0 : BODY_BYTES;
  return Number(pinned([process.execPath, script, '--client', name, `${port}`, `${operations}`, `${size}`]));
}

function tool(name: string, work: Work): number {
  const command = `${(TOOLS[name] as (work: Work) => string)(work)} http://127.0.0.1:${work.port}${PATH}`;
  const output = pinned(['bash', '-c', `${command} 2>&1 && times`]);
  // `times` ends with the CPU time of the shell's children.
  const children = output.trim().split('\n').at(-1) ?? '';
  const seconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(([, m, s]) => Number(m) * 60 + Number(s));
  const operations = Number(/(\d+) requests in /.exec(output)?.[1] ?? work.operations);
  return (seconds.reduce((sum, value) => sum + value, 0) * 1e6) / operations;
}

function pinned(command: string[]): string {
  const { stdout, stderr, status } = spawnSync('taskset', ['-c', '0', ...command], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
  return stdout;
}

async function client([name = '', port = '', operations = '', bodyBytes = '']: string[]): Promise<void> {
  const { create, newPaths } = SUBJECTS[name] as (typeof SUBJECTS)[string];
  const transport = create(new URL(`http://127.0.0.1:${port}`));
  const record = recordOf(Number(bodyBytes));
  await transport.warmUp();
  await drive(transport, record, newPaths, WARM_UP);
  const before = process.cpuUsage();
  await drive(transport, record, newPaths, Number(operations));
  const { user, system } = process.cpuUsage(before);
  await transport.close();
  console.log((user + system) / Number(operations));
}

/** Closed loop: each operation that ends starts the next. */
function drive(
  transport: Transport,
  record: TraceRecord,
  newPaths: boolean,
  operations: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let started = 0;
    let ended = 0;
    const next = (): void => {
      started += 1;
      if (newPaths) record.path = `${PATH}${started}`;
      transport.send(record, 1, listener);
    };
    const listener = {
      onSent() {},
      onFirstAnswer() {},
      onDone(outcome: SendOutcome) {
        ended += 1;
        if (!outcome.ok || outcome.responseBytes !== 14) reject(new Error(JSON.stringify(outcome)));
        else if (ended === operations) resolve();
        else if (started < operations) next();
      },
    };
    while (started < CONNECTIONS) next();
  });
}

function recordOf(bodyBytes: number): TraceRecord {
  return {
    ...emptyRecord(),
    session: 's',
    op: 'recall',
    method: bodyBytes === 0 ? 'GET' : 'POST',
    path: PATH,
    headers: HEADERS,
    body: bodyBytes === 0 ? NO_BYTES : Buffer.alloc(bodyBytes, 'x'),
  };
}

if (process.argv[2] === '--client') await client(process.argv.slice(3));
else if (process.argv[1] === fileURLToPath(import.meta.url)) await run();

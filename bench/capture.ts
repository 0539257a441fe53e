import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withCleanUp } from './shared/clean-up.ts';
import { processFigures } from './shared/process-figures.ts';
import { isInstalled, outputOf } from './shared/run-child.ts';
import { freePort, type Program, startProgram } from './shared/start-program.ts';
import { median, withFolder } from './support.ts';

const ROUNDS = 3;
const SECONDS = 2;
const CONNECTIONS = [1, 16, 64];
const BODY_BYTES = 8 * 1024; // about an embedding of 768 floats as JSON
const WAYS = ['direct', 'nginx', 'capture'] as const;

type Way = (typeof WAYS)[number];

interface Sample {
  requestsPerSec: number;
  p99Ms: number;
  /** CPU time of the proxy for one request; 0 without a proxy. */
  cpuUs: number;
}

/**
 * Throughput, p99 and CPU per request without a proxy, through nginx as a plain reverse proxy and through capture,
 * in turns, on loopback. Load by wrk, target nginx. With two cores all of them compete: read the ratios.
 */
export async function run(): Promise<void> {
  for (const tool of ['wrk', 'nginx']) {
    if (!isInstalled(tool)) {
      console.log(`capture: skipped, ${tool} is not installed`);
      return;
    }
  }
  await withFolder(async (folder) => {
    const programs: Program[] = [];
    const stop = async (): Promise<void> => {
      for (const program of programs) await program.stop();
    };
    await withCleanUp(stop, () => measureAll(folder, programs));
  });
}

async function measureAll(folder: string, programs: Program[]): Promise<void> {
  const ports = await startAll(folder, programs);
  for (const workload of ['GET', 'POST'] as const) {
    const script = join(folder, 'post.lua');
    writeFileSync(script, `wrk.method="POST"\nwrk.body=string.rep("0.123456,", ${BODY_BYTES / 9})\n`);
    for (const connections of CONNECTIONS) {
      const samples = await measure(ports, programs, connections, workload === 'POST' ? ['-s', script] : []);
      print(workload, connections, samples);
    }
  }
}

type Ports = Record<Way, number>;

async function startAll(folder: string, programs: Program[]): Promise<Ports> {
  const ports: Ports = { direct: await freePort(), nginx: await freePort(), capture: await freePort() };
  const nginx = (name: string, config: string): Promise<Program> => {
    const file = join(folder, `${name}.conf`);
    writeFileSync(file, nginxConfig(folder, name, config));
    return startProgram(
      name,
      ['nginx', '-c', file, '-e', join(folder, `${name}.log`)],
      name === 'direct' ? ports.direct : ports.nginx,
    );
  };
  programs.push(
    await nginx('direct', `server { listen 127.0.0.1:${ports.direct}; location / { return 200 "ok"; } }`),
  );
  const upstream = `upstream target { server 127.0.0.1:${ports.direct}; keepalive 128; }`;
  const forward = 'proxy_pass http://target; proxy_http_version 1.1; proxy_set_header Connection "";';
  programs.push(
    await nginx('nginx', `${upstream} server { listen 127.0.0.1:${ports.nginx}; location / { ${forward} } }`),
  );
  const main = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
  const listen = ['--http-listen', String(ports.capture), '--http-upstream', String(ports.direct)];
  const args = [main, 'capture', '--quiet', '--oplog', join(folder, 'oplog'), ...listen];
  programs.push(await startProgram('capture', [process.execPath, ...args], ports.capture));
  return ports;
}

function nginxConfig(folder: string, name: string, servers: string): string {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  );
  return `daemon off; master_process off; pid ${folder}/${name}.pid; worker_rlimit_nofile 4096;
events { worker_connections 2048; }
http { access_log off; keepalive_requests 100000000; client_body_buffer_size 64k; ${paths.join(' ')} ${servers} }
`;
}

async function measure(
  ports: Ports,
  programs: readonly Program[],
  connections: number,
  extra: readonly string[],
): Promise<Record<Way, Sample[]>> {
  const samples: Record<Way, Sample[]> = { direct: [], nginx: [], capture: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const way of WAYS) {
      const proxy = way === 'direct' ? undefined : programs.find(({ name }) => name === way);
      const sample = await load(ports[way], proxy, connections, extra);
      if (round > 0) samples[way].push(sample); // the first warms up
    }
  }
  return samples;
}

async function load(
  port: number,
  proxy: Program | undefined,
  connections: number,
  extra: readonly string[],
): Promise<Sample> {
  const before = proxy === undefined ? 0 : processFigures(proxy.pid).cpuSeconds;
  const args = [
    '-t1',
    `-c${connections}`,
    `-d${SECONDS}`,
    '--latency',
    ...extra,
    `http://127.0.0.1:${port}/a`,
  ];
  const text = await outputOf(['wrk', ...args]);
  const cpu = proxy === undefined ? 0 : processFigures(proxy.pid).cpuSeconds - before;
  const requests = Number(/(\d+) requests in/.exec(text)?.[1]);
  const [, amount, unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(text) ?? [];
  if (/Non-2xx|Socket errors/.test(text)) console.log(text);
  const unitMs = { us: 0.001, ms: 1, s: 1000 }[unit ?? 'ms'] ?? 1;
  return {
    requestsPerSec: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    p99Ms: Number(amount) * unitMs,
    cpuUs: (cpu * 1e6) / requests,
  };
}

function print(workload: string, connections: number, samples: Record<Way, Sample[]>): void {
  const rows = WAYS.map((way) => {
    const of = (key: keyof Sample): number => median(samples[way].map((sample) => sample[key]));
    return { way, rate: of('requestsPerSec'), p99Ms: of('p99Ms'), cpuUs: of('cpuUs') };
  });
  const direct = rows[0]?.rate ?? 1;
  for (const { way, rate, p99Ms, cpuUs } of rows) {
    console.log(
      [
        `capture ${workload.padEnd(4)} ${String(connections).padStart(2)} connections`,
        way.padEnd(7),
        `${rate.toFixed(0).padStart(6)}/s (${(rate / direct).toFixed(2)} of direct)`,
        `p99 ${p99Ms.toFixed(2).padStart(6)} ms`,
        `CPU ${cpuUs.toFixed(0).padStart(3)} us/request`,
      ].join('  '),
    );
  }
}

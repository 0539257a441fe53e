import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchOptions, type OptionsOf } from './shared/bench-options.ts';
import { withCleanUp } from './shared/clean-up.ts';
import { writeBody } from './shared/load-tools.ts';
import { isInstalled, outputOf } from './shared/run-child.ts';
import { freePort, type Program, startProgram } from './shared/start-program.ts';
import { treeCpuSeconds } from './shared/tree-cpu.ts';
import { median, withFolder } from './support.ts';

const OPTIONS = {
  rounds: [3, 'of all ways by turns'],
  seconds: [2, 'of each measurement'],
  connections: [[1, 16, 64], 'of the closed loop'],
  loads: [['GET', 'POST'], 'what is sent'],
  rates: [[10_000, 15_000], 'a second, sent steadily over 64 connections by h2load; 0 leaves them out'],
} as const;

type Options = OptionsOf<typeof OPTIONS>;

const STEADY_CONNECTIONS = 64;
const BODY_BYTES = 8 * 1024; // about an embedding of 768 floats as JSON
const WAYS = ['direct', 'nginx', 'capture'] as const;

type Way = (typeof WAYS)[number];

interface Sample {
  requestsPerSec: number;
  p50Ms: number;
  p99Ms: number;
  /** CPU time of the proxy, and of all its processes, for one request; 0 without a proxy. */
  cpuUs: number;
}

/**
 * Throughput, latency and CPU per request without a proxy, through nginx as a plain reverse proxy and through capture,
 * in turns, on loopback. Load by wrk, and at steady rates by h2load; target nginx. With two cores all of them compete:
 * read the ratios.
 */
export async function run(args: readonly string[]): Promise<void> {
  const options = benchOptions(args, OPTIONS);
  for (const tool of ['wrk', 'h2load', 'nginx']) {
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
    await withCleanUp(stop, () => measureAll(folder, programs, options));
    printSummary(folder);
  });
}

async function measureAll(folder: string, programs: Program[], options: Options): Promise<void> {
  const ports = await startAll(folder, programs);
  const body = Buffer.alloc(BODY_BYTES, '0.123456,');
  const bodyFile = writeBody(folder, body);
  const hasBody = (load: string): boolean => load === 'POST';
  const byTurns = (send: Send): Promise<Record<Way, Sample[]>> => measure(ports, programs, options, send);
  for (const load of options.loads) {
    const script = hasBody(load) ? ['-s', `${bodyFile}.lua`] : [];
    for (const connections of options.connections)
      print(
        `${load} ${connections} connections`,
        await byTurns((port) => closedLoop(port, connections, options.seconds, script)),
      );
  }
  for (const load of options.loads) {
    const data = hasBody(load) ? ['-d', bodyFile] : [];
    for (const rate of options.rates.filter((each) => each > 0))
      print(
        `${load} ${rate}/s`,
        await byTurns((port) => steadyRate(port, rate, options.seconds, data, folder)),
      );
  }
}

/** What capture says at its end: whether all of it was recorded. */
function printSummary(folder: string): void {
  const [, summary = '{}'] = readFileSync(join(folder, 'summary'), 'utf8').split(/(?<=})\s*\n(?={)/);
  const { records, recordsDropped } = JSON.parse(summary) as { records?: number; recordsDropped?: number };
  console.log(`capture recorded ${records} requests and dropped ${recordsDropped}`);
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
  const args = [main, 'capture', '--quiet', '--json', '--oplog', join(folder, 'oplog'), ...listen];
  const command = [process.execPath, ...args].map((word) => `'${word}'`).join(' ');
  const shell = ['sh', '-c', `exec ${command} > '${join(folder, 'summary')}'`];
  programs.push(await startProgram('capture', shell, ports.capture));
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

/** Sends to a port for a while and says what came of it. */
type Send = (port: number) => Promise<Omit<Sample, 'cpuUs'> & { requests: number }>;

async function measure(
  ports: Ports,
  programs: readonly Program[],
  { rounds }: Options,
  send: Send,
): Promise<Record<Way, Sample[]>> {
  const samples: Record<Way, Sample[]> = { direct: [], nginx: [], capture: [] };
  for (let round = 0; round <= rounds; round++) {
    for (const way of WAYS) {
      const pid = way === 'direct' ? undefined : programs.find(({ name }) => name === way)?.pid;
      const cpuSeconds = (): number => (pid === undefined ? 0 : treeCpuSeconds(pid));
      const before = cpuSeconds();
      const { requests, ...sample } = await send(ports[way]);
      const cpuUs = ((cpuSeconds() - before) * 1e6) / requests;
      if (round > 0) samples[way].push({ ...sample, cpuUs }); // the first warms up
    }
  }
  return samples;
}

async function closedLoop(
  port: number,
  connections: number,
  seconds: number,
  script: readonly string[],
): ReturnType<Send> {
  const args = ['-t1', `-c${connections}`, `-d${seconds}`, '--latency', ...script];
  const text = await outputOf(['wrk', ...args, `http://127.0.0.1:${port}/a`]);
  if (/Non-2xx|Socket errors/.test(text)) console.log(text);
  const percentileMs = (percent: number): number => {
    const [, amount, unit = 'ms'] = new RegExp(`${percent}%\\s+([\\d.]+)(us|ms|s)`).exec(text) ?? [];
    return Number(amount) * ({ us: 0.001, ms: 1, s: 1000 }[unit] ?? 1);
  };
  return {
    requests: Number(/(\d+) requests in/.exec(text)?.[1]),
    requestsPerSec: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    p50Ms: percentileMs(50),
    p99Ms: percentileMs(99),
  };
}

/** The connections are opened one after the other, so that they do not all send at the same moment. */
async function steadyRate(
  port: number,
  ratePerSec: number,
  seconds: number,
  data: readonly string[],
  folder: string,
): ReturnType<Send> {
  const log = join(folder, 'h2load.log');
  rmSync(log, { force: true });
  const perConnection = ratePerSec / STEADY_CONNECTIONS;
  const opened = ['-r', '8', '--rate-period', `${Math.max(1, Math.round(8_000 / ratePerSec))}ms`];
  const text = await outputOf([
    ...['h2load', '--h1', '-n', String(ratePerSec * seconds), '-c', String(STEADY_CONNECTIONS), ...opened],
    ...['--rps', String(perConnection), '--log-file', log, ...data, `http://127.0.0.1:${port}/a`],
  ]);
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  const ms = lines.map((line) => Number(line.split('\t')[2]) / 1000).sort((a, b) => a - b);
  const at = (share: number): number =>
    ms[Math.min(ms.length - 1, Math.floor(ms.length * share))] ?? Number.NaN;
  return {
    requests: Number(/(\d+) succeeded/.exec(text)?.[1]),
    requestsPerSec: Number(/, ([\d.]+) req\/s/.exec(text)?.[1]),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}

function print(name: string, samples: Record<Way, Sample[]>): void {
  const rows = WAYS.map((way) => {
    const of = (key: keyof Sample): number => median(samples[way].map((sample) => sample[key]));
    return { way, rate: of('requestsPerSec'), p50Ms: of('p50Ms'), p99Ms: of('p99Ms'), cpuUs: of('cpuUs') };
  });
  const ratio = (key: 'p99Ms' | 'cpuUs'): string => {
    const each = samples.capture.map((sample, i) => sample[key] / (samples.nginx[i]?.[key] ?? Number.NaN));
    return median(each).toFixed(2);
  };
  const direct = rows[0]?.rate ?? 1;
  for (const { way, rate, p50Ms, p99Ms, cpuUs } of rows) {
    console.log(
      [
        `capture ${name.padEnd(19)}`,
        way.padEnd(7),
        `${rate.toFixed(0).padStart(6)}/s (${(rate / direct).toFixed(2)} of direct)`,
        `p50 ${p50Ms.toFixed(2).padStart(6)} ms`,
        `p99 ${p99Ms.toFixed(2).padStart(6)} ms`,
        `CPU ${cpuUs.toFixed(1).padStart(5)} us/request`,
        ...(way === 'capture' ? [`of nginx: p99 ${ratio('p99Ms')}, CPU ${ratio('cpuUs')}`] : []),
      ].join('  '),
    );
  }
}

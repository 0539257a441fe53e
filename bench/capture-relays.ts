import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { totalsOfOpLog } from '../src/sources/export/op-log-totals.ts';
import { openOpLog } from '../src/sources/op-log/op-log.ts';
import { benchOptions, type OptionsOf } from './shared/bench-options.ts';
import { withCleanUp } from './shared/clean-up.ts';
import { framedMessage } from './shared/framed-message.ts';
import { writeBody } from './shared/load-tools.ts';
import { type NginxTarget, withNginx } from './shared/nginx-target.ts';
import { isInstalled, outputOf } from './shared/run-child.ts';
import { freePort, type Program, startProgram } from './shared/start-program.ts';
import { treeCpuSeconds } from './shared/tree-cpu.ts';
import { median, withFolder } from './support.ts';

const OPTIONS = {
  relays: [2, 'compared with one'],
  rounds: [5, 'of both by turns'],
  requests: [20_000, 'in one measurement'],
  connections: [64, 'of the load'],
} as const;

type Options = OptionsOf<typeof OPTIONS>;

const MAIN = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));

/** A capture with so many relays, running. */
interface Subject {
  readonly relays: number;
  readonly program: Program;
  readonly folder: string;
  readonly http: number;
  readonly grpc: number;
  sent: number;
}

interface Load {
  readonly name: string;
  /** Sends so many requests, and fails unless all are answered well. */
  readonly send: (subject: Subject, requests: number) => Promise<void>;
  /** A part of the requests is enough: each costs much more. */
  readonly part?: number;
}

interface Sample {
  cpuUs: number;
  requestsPerSec: number;
}

/**
 * Throughput of capture with one relay and with several, and CPU of all its processes for a request, by turns under the
 * same load with nginx as the server. Load, capture and server share the cores. At the end the op logs must hold what was
 * sent.
 */
export async function run(args: readonly string[]): Promise<void> {
  const options = benchOptions(args, OPTIONS);
  if (!isInstalled('h2load')) return console.log('capture-relays: skipped, h2load is not installed');
  await withNginx((target) => withFolder((folder) => compare(target, folder, options)));
}

async function compare(target: NginxTarget, folder: string, options: Options): Promise<void> {
  const subjects: Subject[] = [];
  const stop = async (): Promise<void> => {
    for (const { program } of subjects) await program.stop();
  };
  await withCleanUp(stop, async () => {
    for (const relays of [1, options.relays]) subjects.push(await startCapture(relays, target, folder));
    for (const load of loads(folder, options))
      print(load.name, options, await measure(subjects, load, options));
  });
  for (const subject of subjects) await account(subject);
}

async function startCapture(relays: number, target: NginxTarget, parent: string): Promise<Subject> {
  const [http, grpc, folder] = [await freePort(), await freePort(), join(parent, `relays-${relays}`)];
  const args = [
    ...['capture', '--quiet', '--relays', String(relays), '--oplog', folder],
    ...['--http-listen', String(http), '--http-upstream', String(target.http)],
    ...['--grpc-listen', String(grpc), '--grpc-upstream', String(target.grpc)],
  ];
  const program = await startProgram(`${relays} relays`, [process.execPath, MAIN, ...args], http);
  return { relays, program, folder, http, grpc, sent: 0 };
}

function loads(folder: string, { connections }: Options): Load[] {
  const body = writeBody(folder, Buffer.alloc(8 * 1024, 'x'));
  const message = writeBody(folder, framedMessage(3077));
  const headers = ['-H', 'te: trailers', '-H', 'content-type: application/grpc'];
  const h2load = (
    name: string,
    count: number,
    args: readonly string[],
    at: (subject: Subject) => string,
  ): Load => ({
    name,
    async send(subject, requests) {
      const text = await outputOf(['h2load', '-n', `${requests}`, '-c', `${count}`, ...args, at(subject)]);
      const succeeded = Number(/(\d+) succeeded/.exec(text)?.[1]);
      if (succeeded !== requests) throw new Error(`${succeeded} of ${requests} succeeded: ${text}`);
    },
  });
  const http = ({ http: port }: Subject): string => `http://127.0.0.1:${port}/a`;
  const grpc = ({ grpc: port }: Subject): string => `http://127.0.0.1:${port}/S/M`;
  const churn: Load = {
    name: 'GET, each on a new connection',
    part: 0.2,
    async send(subject, requests) {
      const args = ['-disable-keepalive', '-n', `${requests}`, '-c', `${connections}`, http(subject)];
      const text = await outputOf(['hey', ...args]);
      const succeeded = Number(/\[200\]\s+(\d+) responses/.exec(text)?.[1]);
      if (succeeded !== Math.floor(requests / connections) * connections) throw new Error(text);
    },
  };
  return [
    h2load('GET', connections, ['--h1'], http),
    h2load('POST of 8 KB', connections, ['--h1', '-d', body], http),
    h2load('gRPC of 3 KB, 4 connections', 4, ['-m', '16', '-d', message, ...headers], grpc),
    ...(isInstalled('hey') ? [churn] : []),
  ];
}

async function measure(subjects: readonly Subject[], load: Load, options: Options): Promise<Sample[][]> {
  const samples: Sample[][] = subjects.map(() => []);
  const { connections, rounds } = options;
  const requests = Math.ceil((options.requests * (load.part ?? 1)) / connections) * connections;
  for (let round = 0; round <= rounds; round++) {
    for (const i of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const subject = subjects[i] as Subject;
      const before = treeCpuSeconds(subject.program.pid);
      const startMs = performance.now();
      await load.send(subject, requests);
      const seconds = (performance.now() - startMs) / 1000;
      const cpuUs = ((treeCpuSeconds(subject.program.pid) - before) * 1e6) / requests;
      subject.sent += requests;
      if (round > 0) samples[i]?.push({ cpuUs, requestsPerSec: requests / seconds }); // the first warms up
    }
  }
  return samples;
}

function print(name: string, { relays }: Options, samples: readonly Sample[][]): void {
  for (const [key, what] of [
    ['requestsPerSec', 'requests/s'] as const,
    ['cpuUs', 'CPU us/request'] as const,
  ]) {
    const [one = [], several = []] = samples.map((each) => each.map((sample) => sample[key]));
    const ratios = several.map((value, i) => value / (one[i] as number)).sort((a, b) => a - b);
    const range = `${ratios[0]?.toFixed(2)} to ${ratios.at(-1)?.toFixed(2)}`;
    const figures = `1 relay ${median(one).toFixed(0)}, ${relays} relays ${median(several).toFixed(0)}`;
    console.log(
      `${name.padEnd(30)} ${what.padEnd(15)} ${figures}, ratio ${median(ratios).toFixed(2)} (${range})`,
    );
  }
}

/** Fails unless the op log tells of every request that was sent. */
async function account({ relays, folder, sent }: Subject): Promise<void> {
  const log = await openOpLog(folder);
  const { totals, loss } = await totalsOfOpLog(log, 'bench');
  await log.close();
  console.log(
    `${relays} relays: ${sent} requests sent, ${totals.records} recorded, ${loss.recordsDropped} dropped`,
  );
  if (totals.records + loss.recordsDropped !== sent)
    throw new Error('what was sent is not what the op log tells');
}

import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BenchUsage, benchOptions, type OptionsOf } from './shared/bench-options.ts';
import { withCleanUp } from './shared/clean-up.ts';
import { framedMessage } from './shared/framed-message.ts';
import { writeBody } from './shared/load-tools.ts';
import { type NginxTarget, withNginx } from './shared/nginx-target.ts';
import { isInstalled, outputOf } from './shared/run-child.ts';
import { freePort, type Program, startProgram } from './shared/start-program.ts';
import { treeCpuSeconds } from './shared/tree-cpu.ts';
import { median, withFolder } from './support.ts';

const OPTIONS = {
  baseline: ['', 'folder of another built checkout; this one itself gives the spread of the bench'],
  rounds: [7, 'of both by turns'],
  requests: [20_000, 'in one measurement'],
  connections: [16, 'of the load'],
} as const;

type Options = OptionsOf<typeof OPTIONS>;

const HERE = fileURLToPath(new URL('../..', import.meta.url));
const BODY_BYTES = 8 * 1024;
const MESSAGE_BYTES = 3077;

/** A built checkout's capture, running. */
interface Subject {
  readonly program: Program;
  readonly http: number;
  readonly grpc: number;
}

interface Sample {
  cpuUs: number;
  requestsPerSec: number;
}

interface Load {
  name: string;
  args: readonly string[];
  urlOf: (subject: Subject) => string;
}

/**
 * CPU of capture for a request, its disk process included, and its throughput, of this checkout and of another, by turns
 * under the same load by h2load with nginx as the server. Which goes first alternates too. Read the ratios beside those of the checkout with
 * itself.
 */
export async function run(args: readonly string[]): Promise<void> {
  const options = benchOptions(args, OPTIONS);
  if (options.baseline === '') throw new BenchUsage('--baseline? The folder of a built checkout');
  if (!isInstalled('h2load')) {
    console.log('capture-baseline: skipped, h2load is not installed');
    return;
  }
  await withNginx((target) => withFolder((folder) => compare(target, folder, options)));
}

async function compare(target: NginxTarget, folder: string, options: Options): Promise<void> {
  const subjects: Subject[] = [];
  const stop = async (): Promise<void> => {
    for (const { program } of subjects) await program.stop();
  };
  await withCleanUp(stop, async () => {
    for (const [name, checkout] of [
      ['this', HERE],
      ['baseline', resolve(options.baseline)],
    ] as const)
      subjects.push(await startCapture(name, checkout, target, join(folder, name)));
    for (const load of loads(folder)) print(load.name, await measure(subjects, load, options));
  });
}

async function startCapture(
  name: string,
  checkout: string,
  target: NginxTarget,
  oplog: string,
): Promise<Subject> {
  const [http, grpc] = [await freePort(), await freePort()];
  const main = join(checkout, 'dist/src/cli/main.js');
  const toHttp = ['--http-listen', String(http), '--http-upstream', String(target.http)];
  const toGrpc = ['--grpc-listen', String(grpc), '--grpc-upstream', String(target.grpc)];
  const args = ['capture', '--quiet', '--oplog', oplog, '--retain-size', '1GiB', ...toHttp, ...toGrpc];
  return { program: await startProgram(name, [process.execPath, main, ...args], http), http, grpc };
}

function loads(folder: string): Load[] {
  const body = writeBody(folder, Buffer.alloc(BODY_BYTES, 'x'));
  const message = writeBody(folder, framedMessage(MESSAGE_BYTES));
  const grpc = ['-m', '4', '-d', message, '-H', 'te: trailers', '-H', 'content-type: application/grpc'];
  const urlOf = ({ http }: Subject): string => `http://127.0.0.1:${http}/a`;
  return [
    { name: 'GET', args: ['--h1'], urlOf },
    { name: `POST of ${BODY_BYTES} B`, args: ['--h1', '-d', body], urlOf },
    { name: `gRPC of ${MESSAGE_BYTES} B`, args: grpc, urlOf: (each) => `http://127.0.0.1:${each.grpc}/S/M` },
  ];
}

async function measure(
  subjects: readonly Subject[],
  load: Load,
  { rounds, requests, connections }: Options,
): Promise<Sample[][]> {
  const samples: Sample[][] = subjects.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    const order = round % 2 === 0 ? [0, 1] : [1, 0];
    for (const i of order) {
      const subject = subjects[i] as Subject;
      const sample = await send(subject, load, requests, connections);
      if (round > 0) samples[i]?.push(sample); // the first warms up
    }
  }
  return samples;
}

async function send(subject: Subject, load: Load, requests: number, connections: number): Promise<Sample> {
  const before = treeCpuSeconds(subject.program.pid);
  const count = ['-n', String(requests), '-c', String(connections)];
  const text = await outputOf(['h2load', ...count, ...load.args, load.urlOf(subject)]);
  const cpuSeconds = treeCpuSeconds(subject.program.pid) - before;
  const succeeded = Number(/(\d+) succeeded/.exec(text)?.[1]);
  if (succeeded !== requests) throw new Error(`${succeeded} of ${requests} succeeded: ${text}`);
  return {
    cpuUs: (cpuSeconds * 1e6) / requests,
    requestsPerSec: Number(/, ([\d.]+) req\/s/.exec(text)?.[1]),
  };
}

function print(name: string, samples: readonly Sample[][]): void {
  const [cpu = '', rate = ''] = (['cpuUs', 'requestsPerSec'] as const).map((key) => {
    const [ours = [], others = []] = samples.map((each) => each.map((sample) => sample[key]));
    const ratios = ours.map((value, i) => value / (others[i] as number)).sort((a, b) => a - b);
    const range = `${ratios[0]?.toFixed(2)} to ${ratios.at(-1)?.toFixed(2)}`;
    const ratio = `ratio ${median(ratios).toFixed(3)} (${range})`;
    return `${median(ours).toFixed(0)}, baseline ${median(others).toFixed(0)}, ${ratio}`;
  });
  console.log(`${name.padEnd(15)} CPU us/request ${cpu}`);
  console.log(`${''.padEnd(15)} requests/s     ${rate}`);
}

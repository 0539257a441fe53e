import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createTraceWriter } from '../src/trace/create-trace-writer.ts';
import { createFileSink } from '../src/trace/file-sink.ts';
import { emptyHeader, emptyRecord, type TraceRecord, unknownOutcome } from '../src/trace/record.ts';
import { startNginx } from '../test/support/nginx.ts';
import { createRandom, median, withFolder } from './support.ts';

const RATES = [1000, 5000, 15_000];
const SECONDS = 4;
const ROUNDS = 2;
const CONNECTIONS = 50;
const BATCH = 1000;
const MAIN = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));

/** A tool that is to send at a constant rate, as a command. */
interface Subject {
  name: string;
  command: (url: string, rate: number) => string[];
}

/** What the server saw against the constant rate that was asked for, in us. */
interface Arrivals {
  count: number;
  p50: number;
  p99: number;
  max: number;
}

/**
 * How near tools come to a constant rate, seen at the server: tcpdump notes when each request reaches nginx, which
 * has the other core. The error of the k-th arrival is its distance from `k / rate`, both counted from their medians.
 * Then the same for this tool alone with a bursty trace, from its own record of send errors.
 */
export async function run(): Promise<void> {
  const nginx = await startNginx('location / { return 200 "a small answer"; }', { core: 1 });
  try {
    await withFolder(async (folder) => {
      for (const rate of RATES) await measureRate(folder, nginx.port, rate);
    });
  } finally {
    await nginx.stop();
  }
}

async function measureRate(folder: string, port: number, rate: number): Promise<void> {
  const constant = join(folder, `constant-${rate}.trace.zst`);
  const bursty = join(folder, `bursty-${rate}.trace.zst`);
  await writeTrace(constant, constantStarts(rate));
  await writeTrace(bursty, burstyStarts(rate));
  const output = join(folder, 'results.json');
  const replay = (trace: string, ...more: string[]) => [
    ...[process.execPath, MAIN, 'replay', '--trace', trace, '--endpoint', `http://127.0.0.1:${port}`],
    ...['--order', 'open', '--output', output, '--force', '--quiet', ...more],
  ];
  const subjects: Subject[] = [
    { name: 'engram-trace', command: () => replay(constant) },
    { name: 'engram-trace spin', command: () => replay(constant, '--precision', 'spin') },
    {
      name: 'hey',
      command: (url, r) => [
        'hey',
        '-z',
        `${SECONDS}s`,
        '-c',
        `${CONNECTIONS}`,
        '-q',
        `${r / CONNECTIONS}`,
        url,
      ],
    },
    {
      name: 'autocannon',
      command: (url, r) => ['autocannon', '-d', `${SECONDS}`, '-c', `${CONNECTIONS}`, '-R', `${r}`, url],
    },
    {
      name: 'bombardier',
      command: (url, r) => ['bombardier', '-d', `${SECONDS}s`, '-c', `${CONNECTIONS}`, '-r', `${r}`, url],
    },
  ];
  const rounds = new Map<string, Arrivals[]>();
  const present = subjects.filter(isInstalled);
  for (let round = 0; round < ROUNDS; round++) {
    for (const subject of present) {
      const seen = await arrivalsOf(subject.command(`http://127.0.0.1:${port}/`, rate), port, folder, rate);
      rounds.set(subject.name, [...(rounds.get(subject.name) ?? []), seen]);
    }
  }
  console.log(
    `\n${rate} a second, ${SECONDS} s, constant; arrivals at the server, medians of ${ROUNDS} rounds`,
  );
  for (const [name, each] of rounds) printArrivals(name, rate, each);
  for (const trace of [constant, bursty]) {
    spawnSync('taskset', ['-c', '0', ...replay(trace)], { stdio: 'ignore' });
    printSendErrors(trace === constant ? 'constant' : 'bursty', output);
  }
}

function isInstalled(subject: Subject): boolean {
  const [program = ''] = subject.command('', 1);
  if (spawnSync('sh', ['-c', `command -v ${program}`]).status === 0) return true;
  console.log(`${subject.name}: not installed, left out`);
  return false;
}

/** Runs a command on core 0 while tcpdump watches the port. */
async function arrivalsOf(command: string[], port: number, folder: string, rate: number): Promise<Arrivals> {
  const file = join(folder, 'packets');
  const requests = `dst port ${port} and tcp[13] & 8 != 0 and greater 80`;
  const dump = spawn('tcpdump', ['-i', 'lo', '-w', file, '-s', '80', '-B', '65536', requests], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await listening(dump);
  const child = spawn('taskset', ['-c', '0', ...command], { stdio: 'ignore' });
  await once(child, 'close');
  // The kernel hands packets over in blocks; the last one comes late.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  dump.kill('SIGINT');
  await once(dump, 'close');
  return arrivalErrors(await packetTimes(file), rate);
}

async function listening(dump: ChildProcess): Promise<void> {
  if (dump.stderr === null) return;
  for await (const line of createInterface({ input: dump.stderr })) if (line.includes('listening')) return;
}

/** Seconds, read back from the file: printing while packets come would cost the CPU that is measured. */
async function packetTimes(file: string): Promise<number[]> {
  const { stdout } = spawnSync('tcpdump', ['-r', file, '-tt', '-n', '-q'], {
    maxBuffer: 1 << 28,
    encoding: 'utf8',
  });
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => Number.parseFloat(line));
}

function arrivalErrors(timesS: readonly number[], rate: number): Arrivals {
  const offsets = timesS.map((time, k) => (time - k / rate) * 1e6);
  const middle = median(offsets);
  const errors = offsets.map((offset) => Math.abs(offset - middle)).sort((a, b) => a - b);
  const at = (part: number) =>
    errors[Math.min(errors.length - 1, Math.floor(part * errors.length))] ?? Number.NaN;
  return { count: timesS.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

function printArrivals(name: string, rate: number, rounds: readonly Arrivals[]): void {
  const of = (key: keyof Arrivals) => median(rounds.map((round) => round[key]));
  const share = ((of('count') / (rate * SECONDS)) * 100).toFixed(1);
  console.log(
    `  ${name.padEnd(18)} sent ${share.padStart(5)} %   off by p50 ${us(of('p50'))}  p99 ${us(of('p99'))}  max ${us(of('max'))}`,
  );
}

function printSendErrors(kind: string, output: string): void {
  const { send_error_us: error, fidelity } = JSON.parse(readFileSync(output, 'utf8'));
  console.log(
    `  own send error, ${kind.padEnd(8)}         p50 ${us(error.p50)}  p99 ${us(error.p99)}  max ${us(error.max)}  ${fidelity.verdict}`,
  );
}

function us(value: number): string {
  return `${value.toFixed(0).padStart(8)} us`;
}

function* constantStarts(rate: number): Generator<number> {
  for (let i = 0; i < rate * SECONDS; i++) yield Math.round((i / rate) * 1e9);
}

/** The same mean rate in bursts: four times the rate for a tenth of each second, Poisson within both parts. */
function* burstyStarts(rate: number): Generator<number> {
  const random = createRandom(7);
  for (let atS = 0; atS < SECONDS; ) {
    const local = atS % 1 < 0.1 ? 4 * rate : (rate * 0.6) / 0.9;
    atS += -Math.log(1 - random()) / local;
    yield Math.round(atS * 1e9);
  }
}

async function writeTrace(path: string, starts: Iterable<number>): Promise<void> {
  const writer = createTraceWriter(await createFileSink(path, { force: true }), {
    ...emptyHeader(),
    source: 'bench',
  });
  const batch: TraceRecord[] = [];
  let number = 0;
  for (const startNs of starts) {
    batch.push(get(startNs, number++));
    if (batch.length === BATCH) await writer.write(batch.splice(0));
  }
  await writer.write(batch);
  await writer.finish();
}

function get(startNs: number, number: number): TraceRecord {
  return {
    ...emptyRecord(),
    startNs,
    durationNs: 100_000,
    session: `s${number % CONNECTIONS}`,
    op: 'get',
    method: 'GET',
    path: '/',
    headers: ['accept', '*/*'],
    outcome: { ...unknownOutcome(), status: 200 },
  };
}

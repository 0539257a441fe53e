import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constantStarts } from './shared/arrivals.ts';
import { BenchUsage, benchOptions, type OptionsOf } from './shared/bench-options.ts';
import { type NginxTarget, withNginx } from './shared/nginx-target.ts';
import { endpointFlags } from './shared/replay-child.ts';
import { runChild } from './shared/run-child.ts';
import { isWorkload, WORKLOADS, type Workload } from './shared/workloads.ts';
import { writeTrace } from './shared/write-trace.ts';
import { median, withFolder } from './support.ts';

const OPTIONS = {
  baseline: ['', 'folder of another built checkout; this one itself gives the spread of the bench'],
  workloads: [['http-small', 'http-8k', 'grpc-3k'], 'by turns'],
  shards: [[1, 2, 4, 8], 'threads that send'],
  rounds: [5, 'of both checkouts by turns'],
  records: [60_000, 'in the trace'],
  loops: [1, 'passes over it in the short run; the long one has three times as many'],
} as const;

type Options = OptionsOf<typeof OPTIONS>;

const HERE = fileURLToPath(new URL('../..', import.meta.url));
const LOOK_EVERY_MS = 50;
/** Ticks per second of /proc: 100 on every Linux in use. */
const TICKS_PER_SEC = 100;
/** Records are this far apart; they are played as fast as they go. */
const GAP_NS = 50_000;
/** Fine, and invalid: both come with a document. */
const WITH_DOCUMENT = [0, 98];

interface Sample {
  /** Of the whole process once it runs, in us for an operation: what a long run spends more than a short one. */
  processUs: number;
  /** Of its busiest thread. */
  busiestUs: number;
  /** What the process spends whatever the number of operations: starting, rehearsing, compiling. */
  startSecs: number;
}

/** CPU in seconds of one run. */
interface Spent {
  all: number;
  busiest: number;
}

const LONGER = 3;

/**
 * CPU of replays for an operation, and that of the busiest thread, with one shard and with several, of this checkout
 * and of another, by turns against one nginx; what starting costs is taken off by a run that is longer, and shown beside.
 * Read the ratios beside those of a checkout with itself.
 */
export async function run(args: readonly string[]): Promise<void> {
  const options = benchOptions(args, OPTIONS);
  if (options.baseline === '') throw new BenchUsage('--baseline? The folder of a built checkout');
  for (const name of options.workloads) if (!isWorkload(name)) throw new BenchUsage(`no workload ${name}`);
  await withNginx((target) =>
    withFolder(async (folder) => {
      for (const workload of options.workloads as Workload[])
        await compare(workload, target, folder, options);
    }),
  );
}

async function compare(
  workload: Workload,
  target: NginxTarget,
  folder: string,
  options: Options,
): Promise<void> {
  const trace = join(folder, `${workload}.trace.zst`);
  await writeTrace(
    trace,
    constantStarts(1e9 / GAP_NS, (options.records * GAP_NS) / 1e9),
    WORKLOADS[workload](),
  );
  const programs = [HERE, resolve(options.baseline)].map((folder) => join(folder, 'dist/src/cli/main.js'));
  const cells = programs.map((program) =>
    options.shards.map((shards): { program: string; shards: number; samples: Sample[] } => ({
      program,
      shards,
      samples: [],
    })),
  );
  for (let round = 0; round < options.rounds; round += 1) {
    for (const at of options.shards.keys()) {
      // Who goes first alternates.
      const pair = cells.map((row) => row[at]).filter((cell) => cell !== undefined);
      for (const cell of round % 2 === 0 ? pair : pair.reverse()) {
        cell.samples.push(await measure(cell.program, trace, cell.shards, target, options));
      }
    }
  }
  print(workload, cells, options);
}

async function measure(
  program: string,
  trace: string,
  shards: number,
  target: NginxTarget,
  { records, loops }: Options,
): Promise<Sample> {
  const short = await spent(program, trace, shards, target, loops);
  const long = await spent(program, trace, shards, target, loops * LONGER);
  const operations = records * loops * (LONGER - 1);
  const us = (seconds: number): number => (seconds * 1e6) / operations;
  return {
    processUs: us(long.all - short.all),
    busiestUs: us(long.busiest - short.busiest),
    startSecs: short.all - (long.all - short.all) / (LONGER - 1),
  };
}

async function spent(
  program: string,
  trace: string,
  shards: number,
  target: NginxTarget,
  loops: number,
): Promise<Spent> {
  const threads = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  const flags = ['--trace', trace, ...endpointFlags(target), '--timing', 'asap', '--loop', `${loops}`];
  const { status, stderr } = await runChild(
    [process.execPath, program, 'replay', '--quiet', ...flags, '--senders', `${shards}`, '--output', '-'],
    {
      cores: 'all',
      onStart: ({ pid = 0 }) => {
        timer = setInterval(() => lookAtThreads(pid, threads), LOOK_EVERY_MS);
      },
    },
  ).finally(() => clearInterval(timer));
  if (!WITH_DOCUMENT.includes(status ?? -1)) throw new Error(`replay ended with ${status}: ${stderr}`);
  const seconds = [...threads.values()];
  return { all: seconds.reduce((sum, each) => sum + each, 0), busiest: Math.max(0, ...seconds) };
}

/** CPU of each thread as it was last seen: those that are gone by the end are not in the process's own figures. */
function lookAtThreads(pid: number, threads: Map<string, number>): void {
  try {
    for (const tid of readdirSync(`/proc/${pid}/task`)) {
      const fields = readFileSync(`/proc/${pid}/task/${tid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      threads.set(tid, (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SEC);
    }
  } catch {
    // It ended between two looks.
  }
}

function print(workload: Workload, cells: { shards: number; samples: Sample[] }[][], options: Options): void {
  const of = (checkout: number, at: number, pick: (sample: Sample) => number): number =>
    median((cells[checkout]?.[at]?.samples ?? []).map(pick));
  const one = options.shards.indexOf(1);
  for (const [at, shards] of options.shards.entries()) {
    for (const [checkout, name] of ['this', 'baseline'].entries()) {
      const process = of(checkout, at, ({ processUs }) => processUs);
      const busiest = of(checkout, at, ({ busiestUs }) => busiestUs);
      const start = of(checkout, at, ({ startSecs }) => startSecs);
      const alone = one === -1 ? undefined : of(checkout, one, ({ processUs }) => processUs);
      const ratios =
        alone === undefined
          ? ''
          : `; of what one shard spends: process ${(process / alone).toFixed(2)}, busiest thread ${(busiest / alone).toFixed(2)}`;
      console.log(
        `${workload}, ${shards} shard(s), ${name}: ${process.toFixed(1)} us, busiest thread ${busiest.toFixed(1)} us, start ${start.toFixed(1)} s${ratios}`,
      );
    }
    const ratio = ratiosOf(cells[0]?.[at]?.samples ?? [], cells[1]?.[at]?.samples ?? []);
    console.log(
      `${workload}, ${shards} shard(s): this / baseline, process: ${median(ratio).toFixed(2)} (${Math.min(...ratio).toFixed(2)} to ${Math.max(...ratio).toFixed(2)})`,
    );
  }
}

function ratiosOf(mine: readonly Sample[], theirs: readonly Sample[]): number[] {
  return mine.map(({ processUs }, i) => processUs / (theirs[i]?.processUs ?? Number.NaN));
}

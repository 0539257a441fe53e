import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constantStarts } from './shared/arrivals.ts';
import { BenchUsage, benchOptions, type OptionsOf } from './shared/bench-options.ts';
import { GRPC_CONNECTIONS, HTTP_PATH } from './shared/cost-client.ts';
import { type CostSubjects, measureCosts, printCosts } from './shared/cost-table.ts';
import { framedMessage } from './shared/framed-message.ts';
import { grpcTool, httpTools, writeBody } from './shared/load-tools.ts';
import { type NginxTarget, withNginx } from './shared/nginx-target.ts';
import { endpointFlags } from './shared/replay-child.ts';
import { cpuOf } from './shared/run-child.ts';
import { isWorkload, WORKLOADS, type Workload } from './shared/workloads.ts';
import { writeTrace } from './shared/write-trace.ts';
import { median, withFolder } from './support.ts';

const OPTIONS = {
  baseline: ['', 'folder of another built checkout; this one itself gives the spread of the bench'],
  workloads: [['http-small', 'http-8k', 'grpc-3k'], 'by turns'],
  timings: [['asap'], 'asap, or operations a second'],
  tools: [['wrk', 'h2load'], 'load tools to measure beside it, where they are installed'],
  rounds: [3, 'of all of them by turns'],
  operations: [30_000, 'as fast as they go: of the short run; the long one has three times as many'],
  seconds: [4, 'at a rate: what the long run has more than the short one, of one second'],
  records: [60_000, 'in the trace, played again as often as it takes'],
  httpInFlight: [16, 'connections of HTTP'],
  grpcInFlight: [64, 'calls of gRPC'],
  senders: [1, 'threads that send'],
  flags: ['', 'more flags for both replays, with spaces between'],
  cores: ['0', 'for replays and tools, as taskset takes them; all: not pinned'],
} as const;

type Options = OptionsOf<typeof OPTIONS>;

const HERE = fileURLToPath(new URL('../..', import.meta.url));
const LONGER = 3;
/** Records are this far apart, so that `--to` picks a count. */
const GAP_NS = 50_000;
const BODY_BYTES = 8192;
const MESSAGE_BYTES = 3077;

/** How many operations the two runs of one measurement have. */
interface Lengths {
  short: number;
  long: number;
}

/**
 * CPU for an operation of whole replays, a trace file in and results out, of this checkout, of another and of load
 * tools by turns. Of replays it is what a long run spends more than a short one; what is left is their start.
 */
export async function run(args: readonly string[]): Promise<void> {
  const options = benchOptions(args, OPTIONS);
  for (const name of options.workloads) if (!isWorkload(name)) throw new BenchUsage(`no workload ${name}`);
  for (const timing of options.timings)
    if (timing !== 'asap' && !(Number(timing) > 0)) throw new BenchUsage(`no timing ${timing}`);
  await withNginx((target) =>
    withFolder(async (folder) => {
      for (const workload of options.workloads as Workload[]) {
        const trace = join(folder, `${workload}.trace.zst`);
        const starts = constantStarts(1e9 / GAP_NS, (options.records * GAP_NS) / 1e9);
        await writeTrace(trace, starts, WORKLOADS[workload]());
        for (const timing of options.timings)
          await compare({ workload, timing, trace, folder, target }, options);
      }
    }),
  );
}

interface Work {
  workload: Workload;
  timing: string;
  trace: string;
  folder: string;
  target: NginxTarget;
}

async function compare(work: Work, options: Options): Promise<void> {
  const { workload, timing } = work;
  const checkouts = {
    this: HERE,
    ...(options.baseline === '' ? {} : { baseline: resolve(options.baseline) }),
  };
  const starts = new Map<string, number[]>();
  const ours = Object.entries(checkouts).map(([name, checkout]) => {
    const secs: number[] = [];
    starts.set(name, secs);
    return [name, () => costOf({ name, checkout }, work, options, secs)];
  });
  console.log(`${workload}, ${timing === 'asap' ? 'as fast as it goes' : `${timing} a second`}:`);
  const subjects = { ...Object.fromEntries(ours), ...toolsFor(work, options) };
  printCosts(await measureCosts(subjects, options.rounds), ['baseline', 'wrk', 'h2load']);
  for (const [name, secs] of starts) console.log(`  ${name}: start ${median(secs).toFixed(2)} s of CPU`);
}

/** What is told at once is there even where the bench is ended before its time. */
async function costOf(
  { name, checkout }: { name: string; checkout: string },
  work: Work,
  options: Options,
  startSecs: number[],
): Promise<number> {
  const lengths = lengthsOf(work.timing, options);
  const short = await secondsOf(checkout, work, options, lengths.short);
  const long = await secondsOf(checkout, work, options, lengths.long);
  const each = (long - short) / (lengths.long - lengths.short);
  startSecs.push(short - each * lengths.short);
  console.log(`    ${name} ${(each * 1e6).toFixed(1)} us`);
  return each * 1e6;
}

function lengthsOf(timing: string, { operations, seconds }: Options): Lengths {
  if (timing === 'asap') return { short: operations, long: operations * LONGER };
  return { short: Number(timing), long: Number(timing) * (seconds + 1) };
}

/** CPU of the whole process and its threads. */
async function secondsOf(
  checkout: string,
  { workload, timing, trace, target }: Work,
  { records, httpInFlight, grpcInFlight, senders, flags, cores }: Options,
  operations: number,
): Promise<number> {
  const loops = Math.ceil(operations / records);
  const toUs = Math.ceil((operations / loops) * (GAP_NS / 1000));
  const command = [
    ...[process.execPath, join(checkout, 'dist/src/cli/main.js'), 'replay', '--quiet', '--trace', trace],
    ...[...endpointFlags(target), '--output', '-', '--senders', senders],
    ...['--to', `${toUs}us`, '--loop', loops],
    ...['--timing', timing === 'asap' ? timing : `rate=${timing}`],
    ...['--max-in-flight', isGrpc(workload) ? grpcInFlight : httpInFlight, flags],
  ];
  // 98: the replay as such was not valid, which a busy machine may bring about; it was played all the same.
  const { cpuSeconds, output } = await cpuOf(`(${command.join(' ')} || [ $? = 98 ])`, { cores });
  const found = Number(/"total_operations": (\d+)/.exec(output)?.[1]);
  if (!(Math.abs(found - operations) <= loops)) throw new Error(`${found} of ${operations} were played`);
  return cpuSeconds;
}

function toolsFor({ workload, folder, target }: Work, options: Options): CostSubjects {
  if (!['http-small', 'http-8k', 'grpc-3k'].includes(workload)) return {};
  const { operations, httpInFlight, grpcInFlight, tools } = options;
  if (isGrpc(workload)) {
    if (!tools.includes('h2load')) return {};
    const bodyFile = writeBody(folder, framedMessage(MESSAGE_BYTES));
    const work = { url: `http://127.0.0.1:${target.grpc}/S/M`, operations, inFlight: grpcInFlight, bodyFile };
    return grpcTool(GRPC_CONNECTIONS, work, target);
  }
  const bodyFile = workload === 'http-8k' ? writeBody(folder, Buffer.alloc(BODY_BYTES, 'x')) : '';
  const url = `http://127.0.0.1:${target.http}${HTTP_PATH}`;
  return httpTools(tools, { url, operations, inFlight: httpInFlight, bodyFile }, target);
}

function isGrpc(workload: Workload): boolean {
  return workload.startsWith('grpc');
}

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unevenStarts } from './shared/arrivals.ts';
import { benchOptions, type OptionsOf } from './shared/bench-options.ts';
import { type NginxTarget, withNginx } from './shared/nginx-target.ts';
import { nullReplayCommand } from './shared/null-replay.ts';
import { endpointFlags, runReplayChild } from './shared/replay-child.ts';
import { stepOf, stepText } from './shared/replay-step.ts';
import { runChild } from './shared/run-child.ts';
import { type Look, type Part, partsOf, watchProcess } from './shared/watch-process.ts';
import { WORKLOADS } from './shared/workloads.ts';
import { writeTrace } from './shared/write-trace.ts';
import { report, withFolder } from './support.ts';

const OPTIONS = {
  count: [10_000_000, 'HTTP records'],
  grpcCount: [10_000_000, 'gRPC records'],
  protocols: [['http', 'grpc'], 'one trace of each'],
  targets: [
    ['null', 'nginx'],
    'null: a transport that does nothing, in one thread; nginx: the whole command',
  ],
  rate: [20_000, 'a second against nginx'],
  nullRate: [0, 'a second against null; 0: as fast as it goes'],
  senders: [1, 'sending threads against nginx'],
  cores: ['all', 'for the generator, as taskset takes them'],
  lookMs: [200, 'between two looks at the process'],
} as const;

type Options = OptionsOf<typeof OPTIONS>;

const PARTS = 10;
const MEAN_GAP_NS = 50_000;
const MAX_MB = 300;
/** Flat: no more than this between the first tenth and the last. */
const MAX_GROWTH = 1.2;
const MB = 1e6;

/** Memory and CPU per operation of one long replay of small records, tenth by tenth. */
export async function run(args: readonly string[]): Promise<void> {
  const options = benchOptions(args, OPTIONS);
  console.log(`generator: ${options.cores === 'all' ? 'not pinned' : `core ${options.cores}`}, --order open`);
  for (const protocol of options.protocols) {
    await withFolder(async (folder) => {
      const count = protocol === 'grpc' ? options.grpcCount : options.count;
      const trace = join(folder, `${protocol}.trace.zst`);
      const recordOf = protocol === 'grpc' ? WORKLOADS['grpc-small']() : WORKLOADS['http-small']();
      await writeTrace(trace, unevenStarts(count, MEAN_GAP_NS), recordOf);
      const size = ((await stat(trace)).size / MB).toFixed(0);
      console.log(`\n${count} ${protocol} records, a file of ${size} MB`);
      if (options.targets.includes('null')) await againstNull(trace, { protocol, count }, options);
      if (options.targets.includes('nginx')) {
        await withNginx((target) => againstNginx(trace, { protocol, count, target }, options));
      }
    });
  }
}

async function againstNull(
  trace: string,
  { protocol, count }: { protocol: string; count: number },
  { nullRate, cores, lookMs }: Options,
): Promise<void> {
  let done = 0;
  let tookSeconds = 0;
  let watched: ReturnType<typeof watchProcess> | undefined;
  const started = performance.now();
  const { status, stderr } = await runChild(nullReplayCommand(trace, nullRate), {
    cores,
    ipc: true,
    onStart: (child) => {
      child.on('message', (message) => {
        done = Number(message);
        tookSeconds = (performance.now() - started) / 1000;
      });
      watched = watchProcess(child.pid ?? 0, () => done, lookMs);
    },
  });
  const looks = (await watched?.stop()) ?? [];
  if (status !== 0 || done !== count) throw new Error(`ended with ${status} after ${done}: ${stderr}`);
  const pace = nullRate === 0 ? 'as fast as it goes' : `at ${nullRate}/s`;
  printParts(`${protocol}, null transport, ${pace} (${tookSeconds.toFixed(1)} s)`, looks, count);
}

async function againstNginx(
  trace: string,
  { protocol, count, target }: { protocol: string; count: number; target: NginxTarget },
  { rate, senders, cores, lookMs }: Options,
): Promise<void> {
  let looked = await target.requests();
  // Each look is a request too.
  const done = async (): Promise<number> => {
    looked += 1;
    return (await target.requests()) - looked;
  };
  const how = ['--timing', `rate=${rate}`, '--order', 'open', '--senders', `${senders}`];
  let watched: ReturnType<typeof watchProcess> | undefined;
  const replayed = await runReplayChild(['--trace', trace, ...how, ...endpointFlags(target)], {
    cores,
    onStart: (child) => {
      watched = watchProcess(child.pid ?? 0, done, lookMs);
    },
  });
  const looks = (await watched?.stop()) ?? [];
  printParts(`${protocol}, nginx, ${rate}/s, ${senders} sender(s)`, looks, count);
  console.log(`  ${stepText(stepOf(replayed, rate))}`);
  const { sent } = replayed.document.fidelity.accounting;
  if (sent !== count) console.log(`  ONLY ${sent} of ${count} were sent`);
}

function printParts(what: string, looks: readonly Look[], count: number): void {
  const parts = partsOf(looks, count, PARTS);
  const row = (pick: (part: Part) => number, digits: number): string =>
    parts.map((part) => pick(part).toFixed(digits)).join('  ');
  const [first, middle, last] = [parts[0], parts[PARTS / 2 - 1], parts[PARTS - 1]] as [Part, Part, Part];
  const peakMb = Math.max(...looks.map((look) => look.peakMb));
  console.log(`${what}, by tenths of the operations`);
  console.log(`  highest resident MB    ${row((part) => part.highestMb, 0)}`);
  console.log(`  CPU us per operation   ${row((part) => part.cpuUsPerOp, 2)}`);
  console.log(
    `  resident at 10 % ${first.residentMb.toFixed(0)} MB, 50 % ${middle.residentMb.toFixed(0)} MB, ` +
      `100 % ${last.residentMb.toFixed(0)} MB, peak ${peakMb.toFixed(0)} MB; ` +
      `CPU first tenth ${first.cpuUsPerOp.toFixed(2)} us/op, last ${last.cpuUsPerOp.toFixed(2)} us/op`,
  );
  report(`  ${what}: peak resident memory`, peakMb, MAX_MB, 'MB');
  report('  memory, last tenth by second', last.highestMb / (parts[1] as Part).highestMb, MAX_GROWTH, 'x');
  report(
    '  CPU per operation, last tenth by second',
    last.cpuUsPerOp / (parts[1] as Part).cpuUsPerOp,
    MAX_GROWTH,
    'x',
  );
}

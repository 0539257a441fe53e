import { join } from 'node:path';
import type { ResultsDocument } from '../src/results/document/results-document.ts';
import { benchOptions, type OptionsOf } from './shared/bench-options.ts';
import { madeReplayCommand } from './shared/made-replay.ts';
import { withNginx } from './shared/nginx-target.ts';
import { endpointFlags, PROGRAM } from './shared/replay-child.ts';
import { cpuOf, outputOf, runChild } from './shared/run-child.ts';
import { madeScenario, writeScenario } from './shared/scenarios.ts';
import { watchProcess } from './shared/watch-process.ts';
import { cpuSecondsOf, median, report, withFolder } from './support.ts';

const OPTIONS = {
  parts: [['file', 'run', 'memory'], 'which measurements'],
  rounds: [3, 'of what is compared, by turns'],
  records: [1_000_000, 'small GETs in the file'],
  workloads: [['post', 'remember', 'post-unique', 'remember-unique'], 'of 768 values, that are run'],
  rate: [3_000, 'operations a second of the runs'],
  seconds: [12, 'that each of them takes'],
  planRecords: [10_000_000, 'of the plan of 8 h'],
  planDimension: [8, 'values of a vector in that plan'],
  cores: ['all', 'for what is measured, as taskset takes them'],
} as const;

type Options = OptionsOf<typeof OPTIONS>;

const MOST_OF_CAT = 2;
const MOST_OF_REPLAY = 1.3;
const MOST_PLAN_MB = 200;
const MOST_DOCUMENT_MB = 5;
/** Flat: no more than this between a tenth of the plan and its end. */
const MOST_GROWTH = 1.2;
const LOOK_EVERY_MS = 200;

/** What making records costs: beside reading them, beside replaying them, and in memory over a plan of 8 h. */
export async function run(args: readonly string[]): Promise<void> {
  const options = benchOptions(args, OPTIONS);
  if (options.parts.includes('file')) await withFolder((folder) => againstCat(folder, options));
  if (options.parts.includes('run')) await againstReplay(options);
  if (options.parts.includes('memory')) await overEightHours(options);
}

/** `generate` of small GETs beside `cat` of the trace it wrote, both as whole commands. */
async function againstCat(folder: string, { records, rounds }: Options): Promise<void> {
  const scenario = join(folder, 'small.toml');
  const trace = join(folder, 'small.trace.zst');
  const ratePerSec = 20_000;
  writeScenario(scenario, { ...madeScenario('small'), ratePerSec, seconds: records / ratePerSec });
  const generate = `'${process.execPath}' '${PROGRAM}' generate '${scenario}' --output '${trace}' --force --quiet`;
  const [made, read]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    made.push((await cpuOf(generate)).cpuSeconds);
    read.push(await cpuSecondsOf(`'${process.execPath}' '${PROGRAM}' cat '${trace}'`));
  }
  const ratios = made.map((seconds, i) => seconds / (read[i] ?? Number.NaN));
  const each = (seconds: number[]): string => `${((median(seconds) * 1e6) / records).toFixed(1)} us`;
  console.log(`${records} small GETs, of each record: generate ${each(made)}, cat ${each(read)}`);
  console.log(`  ratios ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}`);
  report('  CPU of generate by that of cat', median(ratios), MOST_OF_CAT, 'x');
}

/** `run` of a scenario beside `replay` of the trace that `generate` makes of it. */
async function againstReplay(options: Options): Promise<void> {
  await withNginx((target) =>
    withFolder(async (folder) => {
      for (const workload of options.workloads) {
        const scenario = join(folder, `${workload}.toml`);
        const trace = join(folder, `${workload}.trace.zst`);
        const { rate: ratePerSec, seconds } = options;
        writeScenario(scenario, { ...madeScenario(workload), ratePerSec, seconds });
        await outputOf([process.execPath, PROGRAM, 'generate', scenario, '--output', trace, '--quiet']);
        // eco: between two operations of a plan, `normal` turns the event loop, which would hide what is compared.
        const how = ['--precision', 'eco', '--senders', '1', ...endpointFlags(target)];
        const run = ['run', scenario, '--no-preload', '--no-prepare', ...how];
        await compareRuns(workload, [run, ['replay', '--trace', trace, ...how]], options);
      }
    }),
  );
}

async function compareRuns(
  workload: string,
  [run, replay]: readonly [readonly string[], readonly string[]],
  { rounds, cores }: Options,
): Promise<void> {
  const [made, replayed]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    made.push(await cpuUsOf(run, cores));
    replayed.push(await cpuUsOf(replay, cores));
  }
  const ratios = made.map((us, i) => us / (replayed[i] ?? Number.NaN));
  const [each, other] = [median(made).toFixed(1), median(replayed).toFixed(1)];
  console.log(`${workload}, of each operation: run ${each} us, replay ${other} us`);
  console.log(`  ratios ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}`);
  const budget = workload.endsWith('unique') ? Infinity : MOST_OF_REPLAY;
  report(`  CPU of run by that of replay, ${workload}`, median(ratios), budget, 'x');
}

/** Fine, and invalid: both come with a document. */
const WITH_DOCUMENT = [0, 98];

/** CPU of an operation, all threads, as the document has it: from the first operation on, so that starting is not in it. */
async function cpuUsOf(subject: readonly string[], cores: string): Promise<number> {
  const command = [process.execPath, PROGRAM, ...subject, '--quiet', '--output', '-'];
  const { status, stdout, stderr } = await runChild(command, { cores });
  if (!WITH_DOCUMENT.includes(status ?? -1)) throw new Error(`${command.join(' ')}: ${status} ${stderr}`);
  const { fidelity, summary } = JSON.parse(stdout) as ResultsDocument;
  const { cpu } = fidelity.generator;
  if (cpu === null) throw new Error('the document has no CPU time');
  return ((cpu.user_secs + cpu.system_secs) * 1e6) / summary.total_operations;
}

/** Memory of a plan of 8 h on a virtual clock, by tenths of its operations, and the size of its results. */
async function overEightHours({ planRecords, planDimension, cores }: Options): Promise<void> {
  let done = 0;
  let documentBytes = 0;
  let watched: ReturnType<typeof watchProcess> | undefined;
  const { status, stderr } = await runChild(madeReplayCommand(planRecords, planDimension), {
    cores,
    ipc: true,
    onStart: (child) => {
      child.on('message', (message: { done: number; documentBytes?: number }) => {
        done = message.done;
        documentBytes = message.documentBytes ?? 0;
      });
      watched = watchProcess(child.pid ?? 0, () => done, LOOK_EVERY_MS);
    },
  });
  const looks = (await watched?.stop()) ?? [];
  if (status !== 0 || documentBytes === 0) throw new Error(`ended with ${status} after ${done}: ${stderr}`);
  const at = (share: number): number =>
    looks.find((look) => look.done >= planRecords * share)?.residentMb ?? Number.NaN;
  const peakMb = Math.max(
    ...looks.filter((look) => look.done < planRecords).map(({ residentMb }) => residentMb),
  );
  const [tenth, half, end] = [at(0.1), at(0.5), at(0.99)];
  console.log(
    `8 h, ${planRecords} operations, ${planDimension} values: resident at 10 % ${tenth.toFixed(0)} MB, 50 % ${half.toFixed(0)} MB, 99 % ${end.toFixed(0)} MB`,
  );
  report('  peak resident memory', peakMb, MOST_PLAN_MB, 'MB');
  report('  memory at its end by that at a tenth', end / tenth, MOST_GROWTH, 'x');
  report('  results document', documentBytes / 1e6, MOST_DOCUMENT_MB, 'MB');
}

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ResultsDocument } from '../src/results/document/results-document.ts';
import { constantStarts } from './shared/arrivals.ts';
import { BenchUsage, benchOptions } from './shared/bench-options.ts';
import { withNginx } from './shared/nginx-target.ts';
import { endpointFlags, PROGRAM } from './shared/replay-child.ts';
import { cpuOf } from './shared/run-child.ts';
import { isWorkload, WORKLOADS } from './shared/workloads.ts';
import { writeTrace } from './shared/write-trace.ts';
import { median, withFolder } from './support.ts';

const OPTIONS = {
  baseline: ['', 'folder of another built checkout; this one itself gives the spread of the bench'],
  workloads: [['http-small', 'grpc-3k'], 'what is replayed'],
  operations: [4000, 'in the trace'],
  rate: [2000, 'operations a second'],
  rounds: [7, 'of both by turns'],
} as const;

/** What one replay took, and how late its operations left in its first second and in its second. */
interface Cost {
  cpuMs: number;
  firstP99Us: number;
  secondP99Us: number;
}

/** What a replay costs that is short: CPU of the whole process, start and rehearsal included, beside another checkout. */
export async function run(args: readonly string[]): Promise<void> {
  const options = benchOptions(args, OPTIONS);
  if (options.baseline === '') throw new BenchUsage('--baseline? The folder of a built checkout');
  const programs = { this: PROGRAM, baseline: join(resolve(options.baseline), 'dist/src/cli/main.js') };
  await withNginx((target) =>
    withFolder(async (folder) => {
      for (const workload of options.workloads) {
        if (!isWorkload(workload)) throw new BenchUsage(`no workload ${workload}`);
        const trace = join(folder, `${workload}.trace.zst`);
        const starts = constantStarts(options.rate, options.operations / options.rate);
        await writeTrace(trace, starts, WORKLOADS[workload]());
        const flags = ['--trace', trace, ...endpointFlags(target)];
        const costs = { this: [] as Cost[], baseline: [] as Cost[] };
        for (let round = 0; round <= options.rounds; round += 1) {
          for (const name of ['this', 'baseline'] as const) {
            const cost = await costOf(programs[name], [
              ...flags,
              '--output',
              join(folder, 'r.json'),
              '--force',
            ]);
            if (round > 0) costs[name].push(cost); // The first only warms the file cache.
          }
        }
        print(`${workload}, ${options.operations} operations at ${options.rate}/s`, costs);
      }
    }),
  );
}

async function costOf(program: string, flags: readonly string[]): Promise<Cost> {
  const words = [process.execPath, program, 'replay', '--quiet', ...flags].map((word) => `'${word}'`);
  // 98: not valid, but measured.
  const { cpuSeconds } = await cpuOf(`{ ${words.join(' ')} || [ $? = 98 ]; }`);
  const output = flags[flags.indexOf('--output') + 1] as string;
  const { windows } = JSON.parse(readFileSync(output, 'utf8')) as ResultsDocument;
  const [firstP99Us = Number.NaN, secondP99Us = Number.NaN] = windows.map(
    (one) => one.send_error_p99_us ?? 0,
  );
  return { cpuMs: cpuSeconds * 1000, firstP99Us, secondP99Us };
}

function print(what: string, { this: own, baseline }: Record<'this' | 'baseline', Cost[]>): void {
  console.log(what);
  for (const [name, costs] of Object.entries({ this: own, baseline })) {
    const of = (key: keyof Cost): string => median(costs.map((cost) => cost[key])).toFixed(0);
    console.log(
      `  ${name.padEnd(8)} CPU ${of('cpuMs')} ms, send error p99 ${of('firstP99Us')} us in the first second, ${of('secondP99Us')} in the second`,
    );
  }
  const ratios = own.map(({ cpuMs }, i) => cpuMs / (baseline[i]?.cpuMs ?? Number.NaN));
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  console.log(
    `  this / baseline, CPU: ${median(ratios).toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`,
  );
}

import { join } from 'node:path';
import { burstyStarts, constantStarts } from './shared/arrivals.ts';
import { BenchUsage, benchOptions, type OptionsOf } from './shared/bench-options.ts';
import { highestRate } from './shared/highest-rate.ts';
import { type NginxTarget, withNginx } from './shared/nginx-target.ts';
import { endpointFlags, runReplayChild } from './shared/replay-child.ts';
import { middleStep, type Step, stepOf, stepText } from './shared/replay-step.ts';
import { isWorkload, WORKLOADS, type Workload } from './shared/workloads.ts';
import { writeTrace } from './shared/write-trace.ts';
import { withFolder } from './support.ts';

const OPTIONS = {
  parts: [['claims', 'search'], 'claims: the fixed rates; search: the highest that is valid'],
  workloads: [['http-small', 'http-8k', 'grpc-3k', 'http-mixed', 'grpc-mixed', 'mixed'], 'of the search'],
  senders: [[1, 2], 'sending threads'],
  stepSeconds: [5, 'length of one replay'],
  coolDown: [2, 'seconds between two replays'],
  first: [4000, 'a second, where the search begins'],
  most: [150_000, 'a second, where it ends'],
  refinements: [3, 'halvings at its end'],
  tries: [2, 'of a rate that does not hold'],
  rounds: [3, 'of the fixed rates'],
  smallRate: [50_000, 'a second, constant, claimed for http-small'],
  mixedRate: [15_000, 'a second on average, claimed for the mixed ones'],
  burstFactor: [2, 'bursts of so many times the average'],
  records: [100_000, 'in a trace of the search, played in a loop'],
  order: ['open', 'of the replays: open or session'],
  cores: ['all', 'for the generator, as taskset takes them'],
} as const;

type Options = OptionsOf<typeof OPTIONS>;

/** Records of the search's traces are this far apart, so that `--to` picks a count. */
const GAP_NS = 50_000;

/** What the claims are: constant or in bursts, at a mean rate. */
interface Claim {
  workload: Workload;
  ratePerSec: number;
  /** 1: constant. */
  burstFactor: number;
}

/** The rates that are claimed, and the highest that stays valid, with one sender (all in one thread) and with two. */
export async function run(args: readonly string[]): Promise<void> {
  const options = benchOptions(args, OPTIONS);
  for (const name of options.workloads) if (!isWorkload(name)) throw new BenchUsage(`no workload ${name}`);
  console.log(
    `generator: ${options.cores === 'all' ? 'not pinned' : `core ${options.cores}`}, --order ${options.order}, wire transports`,
  );
  await withNginx((target) =>
    withFolder(async (folder) => {
      if (options.parts.includes('claims')) await checkClaims(folder, target, options);
      if (options.parts.includes('search')) await searchAll(folder, target, options);
    }),
  );
}

async function checkClaims(folder: string, target: NginxTarget, options: Options): Promise<void> {
  const { smallRate, mixedRate, burstFactor, stepSeconds, rounds } = options;
  const mixed: Workload[] = ['http-mixed', 'grpc-mixed', 'mixed'];
  const claims: Claim[] = [
    { workload: 'http-small', ratePerSec: smallRate, burstFactor: 1 },
    ...mixed.map((workload) => ({ workload, ratePerSec: mixedRate, burstFactor })),
  ];
  for (const { workload, ratePerSec, burstFactor: factor } of claims) {
    const trace = join(folder, 'claim.trace.zst');
    const starts =
      factor === 1 ? constantStarts(ratePerSec, stepSeconds) : burstyStarts(ratePerSec, stepSeconds, factor);
    await writeTrace(trace, starts, WORKLOADS[workload]());
    const found = new Map<number, Step[]>(options.senders.map((senders) => [senders, []]));
    // By turns, so that a slow minute of the machine is everyone's.
    for (let round = 0; round < rounds; round += 1) {
      for (const [senders, steps] of found) {
        steps.push(await play(['--trace', trace], { target, senders, ratePerSec }, options));
      }
    }
    const bursts = factor === 1 ? 'constant' : `bursts of ${ratePerSec * factor}/s`;
    for (const [senders, steps] of found) {
      if (!isFilled(steps)) continue;
      console.log(
        `claim: ${workload}, ${ratePerSec}/s, ${bursts}, ${senders} sender(s): ${stepText(middleStep(steps))}`,
      );
    }
  }
}

async function searchAll(folder: string, target: NginxTarget, options: Options): Promise<void> {
  for (const workload of options.workloads as Workload[]) {
    const trace = join(folder, 'search.trace.zst');
    await writeTrace(
      trace,
      constantStarts(1e9 / GAP_NS, (options.records * GAP_NS) / 1e9),
      WORKLOADS[workload](),
    );
    for (const senders of options.senders) {
      const label = `${workload}, ${senders} sender(s)`;
      const at = async (ratePerSec: number): Promise<Step> => {
        const flags = ['--trace', trace, ...portionFlags(ratePerSec, options)];
        const step = await play(flags, { target, senders, ratePerSec }, options);
        console.log(`  ${label}, ${ratePerSec}/s: ${step.holds ? 'holds' : 'fails'}; ${stepText(step)}`);
        return step;
      };
      const { first: firstPerSec, most: mostPerSec, refinements, tries } = options;
      const { best, above } = await highestRate(at, {
        ...{ firstPerSec, mostPerSec, growth: 1.5, refinements, tries },
      });
      const each = best === undefined ? 0 : best.ratePerSec / senders;
      console.log(
        best === undefined
          ? `highest: ${label}: not even ${firstPerSec}/s is valid here`
          : `highest: ${label}: ${best.ratePerSec}/s, ${each.toFixed(0)}/s per sender; ${stepText(best)}`,
      );
      if (above !== undefined) {
        console.log(`  above it, at ${above.ratePerSec}/s: ${stepText(above)}`);
        console.log(`  because of ${above.details.join(', ')}`);
      }
    }
  }
}

/** At this rate for the length of a step: so much of the trace, so many times. */
function portionFlags(ratePerSec: number, { records, stepSeconds }: Options): string[] {
  const operations = ratePerSec * stepSeconds;
  const loops = Math.ceil(operations / records);
  const toUs = Math.round((operations / loops) * GAP_NS) / 1000;
  return ['--to', `${Math.ceil(toUs)}us`, '--loop', `${loops}`, '--timing', `rate=${ratePerSec}`];
}

async function play(
  flags: readonly string[],
  { target, senders, ratePerSec }: { target: NginxTarget; senders: number; ratePerSec: number },
  { cores, coolDown, order }: Options,
): Promise<Step> {
  const how = ['--order', order, '--transport', 'wire', '--senders', `${senders}`];
  const step = stepOf(
    await runReplayChild([...flags, ...how, ...endpointFlags(target)], { cores }),
    ratePerSec,
  );
  await new Promise((resolve) => setTimeout(resolve, coolDown * 1000));
  return step;
}

function isFilled(steps: readonly Step[]): steps is [Step, ...Step[]] {
  return steps.length > 0;
}

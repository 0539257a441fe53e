import { join, resolve } from 'node:path';
import { emptyRecord, type TraceRecord, unknownOutcome } from '../src/trace/record/record.ts';
import { burstyStarts, constantStarts } from './shared/arrivals.ts';
import { benchOptions, type OptionsOf } from './shared/bench-options.ts';
import { type NginxTarget, withNginx } from './shared/nginx-target.ts';
import { ownFloor } from './shared/own-floor.ts';
import { type PacedTools, pacedTools } from './shared/paced-tools.ts';
import { type ArrivalErrors, arrivalErrors, packetArrivals } from './shared/packet-arrivals.ts';
import { endpointFlags, PROGRAM, runReplayChild } from './shared/replay-child.ts';
import { middleStep, type Step, stepOf, stepText } from './shared/replay-step.ts';
import { cpuOf, isInstalled } from './shared/run-child.ts';
import { writeTrace } from './shared/write-trace.ts';
import { median, withFolder } from './support.ts';

const OPTIONS = {
  rates: [[1000, 5000, 15_000], 'a second'],
  seconds: [4, 'length of each run'],
  rounds: [3, 'of all tools by turns'],
  kinds: [['constant', 'bursty'], 'of arrivals; other tools know only a constant rate'],
  precisions: [['normal', 'spin'], 'of engram-trace'],
  burstFactor: [2, 'bursts of so many times the mean rate, a quarter of the time'],
  connections: [50, 'of the other tools, and sessions of the trace'],
  cores: ['0', 'for the tool that runs, as taskset takes them; all: not pinned'],
  coolDown: [1, 'seconds between two runs'],
  tools: [[''], 'of the others that run; none named: all there are'],
  baseline: ['', 'folder of another built checkout, to run by turns with this one'],
} as const;

type Options = OptionsOf<typeof OPTIONS>;

interface Seen extends Played {
  arrivals: ArrivalErrors | undefined;
}

interface Played {
  /** CPU while it sent, of all its threads; of the other tools while they ran. */
  cores: number;
  /** Of engram-trace alone. */
  step: Step | undefined;
}

/** One tool on its way through a plan. */
interface Subject {
  name: string;
  play(): Promise<Played>;
}

/**
 * How near tools come to a plan, seen at the server: tcpdump notes when each request reaches nginx, which has a core
 * of its own. The error of the k-th arrival is its distance from the k-th due time, both counted from their medians.
 * Beside it what engram-trace itself says of its send errors, and what `calibrate` says is its floor.
 */
export async function run(args: readonly string[]): Promise<void> {
  const options = benchOptions(args, OPTIONS);
  const pinning = options.cores === 'all' ? 'not pinned' : `pinned to core ${options.cores}`;
  const isWanted = ([name]: readonly [string, unknown]): boolean =>
    options.tools.every((tool) => tool === '') || options.tools.includes(name);
  const tools = new Map([...pacedTools()].filter(isWanted));
  console.log(`the tool that runs is ${pinning}; engram-trace: --order open`);
  if (!isInstalled('tcpdump')) console.log('tcpdump: not installed, arrivals are not seen');
  await withNginx((target) =>
    withFolder(async (folder) => {
      for (const rate of options.rates) {
        for (const kind of options.kinds) await measure(folder, target, { rate, kind, tools }, options);
      }
    }),
  );
}

async function measure(
  folder: string,
  target: NginxTarget,
  { rate, kind, tools }: { rate: number; kind: string; tools: PacedTools },
  options: Options,
): Promise<void> {
  const { seconds, rounds, burstFactor, connections } = options;
  const isConstant = kind === 'constant';
  const starts = [...(isConstant ? constantStarts(rate, seconds) : burstyStarts(rate, seconds, burstFactor))];
  const trace = join(folder, 'plan.trace.zst');
  await writeTrace(trace, starts, (number) => getOf(number, connections));
  const shape = isConstant ? 'constant' : `in bursts of ${rate * burstFactor}/s`;
  console.log(`\n${rate} a second, ${shape}, ${seconds} s, medians of ${rounds} rounds`);
  const subjects = [
    ...ourSubjects(trace, target, rate, options),
    ...(isConstant ? peers(target, rate, tools, options) : []),
  ];
  const found = new Map<Subject, Seen[]>(subjects.map((subject) => [subject, []]));
  const dues = starts.map((startNs) => startNs / 1e9);
  for (let round = 0; round < rounds; round += 1) {
    for (const [subject, seen] of found) {
      seen.push(await watch(subject, target, join(folder, 'packets'), dues));
      await new Promise((resolve) => setTimeout(resolve, options.coolDown * 1000));
    }
  }
  for (const [subject, seen] of found) print(subject.name, seen, starts.length);
  if (isConstant) {
    console.log(
      `  own floor (calibrate, not pinned): ${await ownFloor(trace, seconds, join(folder, 'floor.json'))}`,
    );
  }
}

function ourSubjects(trace: string, target: NginxTarget, rate: number, options: Options): Subject[] {
  const { baseline, precisions, cores } = options;
  const programs = [['engram-trace', PROGRAM]];
  if (baseline !== '') programs.push(['baseline', join(resolve(baseline), 'dist/src/cli/main.js')]);
  return precisions.flatMap((precision) =>
    programs.map(([name = '', program = '']) => ({
      name: precision === 'normal' ? name : `${name} ${precision}`,
      play: async () => {
        const flags = [
          '--trace',
          trace,
          '--order',
          'open',
          '--precision',
          precision,
          ...endpointFlags(target),
        ];
        const step = stepOf(await runReplayChild(flags, { cores, program }), rate);
        return { cores: (step.cpuUsPerOp * rate) / 1e6, step };
      },
    })),
  );
}

function peers(
  target: NginxTarget,
  ratePerSec: number,
  tools: PacedTools,
  { seconds, connections, cores }: Options,
): Subject[] {
  const url = `http://127.0.0.1:${target.http}/`;
  return [...tools].map(([name, command]) => ({
    name,
    play: async () => {
      const words = command({ url, ratePerSec, seconds, connections });
      const { cpuSeconds } = await cpuOf(words.map((word) => `'${word}'`).join(' '), { cores });
      return { cores: cpuSeconds / seconds, step: undefined };
    },
  }));
}

async function watch(
  { play }: Subject,
  target: NginxTarget,
  file: string,
  dues: readonly number[],
): Promise<Seen> {
  if (!isInstalled('tcpdump')) return { arrivals: undefined, ...(await play()) };
  let played: Played = { cores: Number.NaN, step: undefined };
  const times = await packetArrivals(target.http, file, async () => {
    played = await play();
  });
  return { arrivals: arrivalErrors(times, dues), ...played };
}

function print(name: string, seen: readonly Seen[], planned: number): void {
  const arrivals = seen.flatMap((each) => each.arrivals ?? []);
  if (arrivals.length > 0) {
    const of = (key: keyof ArrivalErrors): number => median(arrivals.map((each) => each[key]));
    const share = `${((of('count') / planned) * 100).toFixed(1)} %`;
    console.log(
      `  ${name.padEnd(18)} arrived ${share.padStart(7)}, off by p50 ${us(of('p50'))}  p99 ${us(of('p99'))}  ` +
        `max ${us(of('max'))}; after the first second p99 ${us(of('laterP99'))}  max ${us(of('laterMax'))}; ` +
        `${median(seen.map(({ cores }) => cores)).toFixed(2)} cores`,
    );
  }
  const [first, ...others] = seen.flatMap(({ step }) => step ?? []);
  if (first !== undefined)
    console.log(`  ${name.padEnd(18)} says: ${stepText(middleStep([first, ...others]))}`);
}

function us(value: number): string {
  return `${value.toFixed(0).padStart(6)} us`;
}

function getOf(number: number, sessions: number): TraceRecord {
  return {
    ...emptyRecord(),
    durationNs: 100_000,
    session: `s${number % sessions}`,
    op: 'get',
    method: 'GET',
    path: '/',
    headers: ['accept', '*/*'],
    outcome: { ...unknownOutcome(), status: 200 },
  };
}

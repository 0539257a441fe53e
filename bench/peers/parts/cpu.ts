import { median } from '../../support.ts';
import { byTurns, fillColumn, type Outcomes } from '../by-turns.ts';
import type { InstalledTool } from '../installed-tools.ts';
import { play } from '../play.ts';
import { Table } from '../table.ts';
import type { Work } from '../tool.ts';
import { engramTrace } from '../tools/engram-trace.ts';
import { REQUESTS, type RequestName, writePlan } from '../write-plan.ts';
import { type Bench, noteColumn, type Target } from './part.ts';

const ROUNDS = 2;
/** A replay of so large a part of the trace tells what starting costs; GoReplay gets no more. */
const SHORT = 1 / 4;
/** Closer together than anyone sends. */
const PLAN_PER_SEC = 100_000;

interface Cost {
  /** CPU for a request, with starting. */
  readonly wholeUs: number;
  /** Of ours: without it, and what it is. */
  readonly laterUs?: number;
  readonly startSecs?: number;
}

/** CPU for a request of whole runs as fast as they go: the trace file in, the results out. */
export async function measureCpu(bench: Bench): Promise<Table> {
  const table = new Table();
  for (const name of bench.options.workloads) await measureOne(bench, name, table);
  return table;
}

async function measureOne(bench: Bench, name: RequestName, table: Table): Promise<void> {
  const { options, folder, tools } = bench;
  const { kind, title } = REQUESTS[name];
  const target = bench.targetOf(kind);
  const connections = kind === 'grpc' ? options.inFlight : options.connections;
  const shape = { count: options.operations, ratePerSec: PLAN_PER_SEC, sessions: connections };
  const gorCount = Math.round(options.operations * SHORT);
  const plan = await writePlan(folder, name, { ...shape, port: target.port, gorCount });
  const pace = { kind: 'count', count: options.operations } as const;
  const work: Work = { kind, port: target.port, connections, pace, plan };
  const rounds = options.rounds || ROUNDS;
  console.log(`  ${title}, ${options.operations} requests, ${connections} in flight, server: ${target.name}`);
  const costs = await byTurns(tools, rounds, (tool) => costOf(tool, work, target), textOf);
  fillColumn(table, title, costs, cellsBeside(costs));
  noteColumn(
    table,
    title,
    target.name,
    `${options.operations} requests, ${connections} in flight, ${rounds} rounds`,
  );
}

async function costOf(tool: InstalledTool, work: Work, target: Target): Promise<Cost | undefined> {
  const long = await play(tool, work, target);
  if (long === undefined) return undefined;
  const wholeUs = (long.run.cpuSeconds * 1e6) / long.served;
  if (tool.name !== engramTrace.name) return { wholeUs };
  const count = Math.round(work.plan.count * SHORT);
  const short = await play(tool, { ...work, pace: { kind: 'count', count } }, target);
  if (short === undefined) return { wholeUs };
  const laterSecs = (long.run.cpuSeconds - short.run.cpuSeconds) / (long.served - short.served);
  return {
    wholeUs,
    laterUs: laterSecs * 1e6,
    startSecs: short.run.cpuSeconds - laterSecs * short.served,
  };
}

function textOf({ wholeUs, laterUs, startSecs }: Cost): string {
  const apart =
    laterUs === undefined ? '' : ` (${laterUs.toFixed(1)} and ${startSecs?.toFixed(2)} s to start)`;
  return `${wholeUs.toFixed(1)} us${apart}`;
}

/** A cell for each tool: medians, and of ours how many times as much it is, by medians of the rounds' ratios. */
function cellsBeside(costs: Outcomes<Cost>): (found: readonly Cost[], tool: InstalledTool) => string {
  const entry = [...costs].find(([tool]) => tool.name === engramTrace.name);
  const ours = Array.isArray(entry?.[1]) ? entry[1] : [];
  return (found, tool) => {
    const of = (pick: (cost: Cost) => number | undefined): number =>
      median(found.map((cost) => pick(cost) ?? Number.NaN));
    const whole = `${of(({ wholeUs }) => wholeUs).toFixed(1)} us`;
    if (tool.name === engramTrace.name) {
      const start = of(({ startSecs }) => startSecs).toFixed(2);
      return `${whole}; ${of(({ laterUs }) => laterUs).toFixed(1)} after ${start} s to start`;
    }
    const times = (pick: (cost: Cost) => number | undefined): string =>
      median(found.map(({ wholeUs }, i) => (pick(ours[i] as Cost) ?? Number.NaN) / wholeUs)).toFixed(2);
    if (ours.length < found.length) return whole;
    return `${whole}; ours ${times(({ wholeUs }) => wholeUs)}x, ${times(({ laterUs }) => laterUs)}x`;
  };
}

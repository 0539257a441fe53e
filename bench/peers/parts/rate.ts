import { median } from '../../support.ts';
import { byTurns, fillColumn } from '../by-turns.ts';
import { type Played, play } from '../play.ts';
import { Table } from '../table.ts';
import type { Work } from '../tool.ts';
import { REQUESTS, type RequestName, writePlan } from '../write-plan.ts';
import { type Bench, noteColumn } from './part.ts';

const ROUNDS = 1;
/** Records for each second of tools that play a file to its end. */
const FILE_PER_SEC = 20_000;

/** Answers a second, as fast as a tool goes on one core. What ours takes to start is not in its time. */
export async function measureRate(bench: Bench): Promise<Table> {
  const table = new Table();
  for (const name of bench.options.workloads) await measureOne(bench, name, table);
  return table;
}

async function measureOne(bench: Bench, name: RequestName, table: Table): Promise<void> {
  const { options, folder, tools } = bench;
  const { kind, title } = REQUESTS[name];
  const target = bench.targetOf(kind);
  const connections = kind === 'grpc' ? options.inFlight : options.connections;
  const count = FILE_PER_SEC * options.seconds;
  const plan = await writePlan(folder, name, {
    ...{ count, ratePerSec: FILE_PER_SEC, sessions: connections, port: target.port },
  });
  const pace = { kind: 'seconds', seconds: options.seconds } as const;
  const work: Work = { kind, port: target.port, connections, pace, plan };
  const rounds = options.rounds || ROUNDS;
  console.log(`  ${title}, ${options.seconds} s, ${connections} in flight, server: ${target.name}`);
  const rates = await byTurns(
    tools,
    rounds,
    async (tool) => {
      const played = await play(tool, work, target);
      return played === undefined ? undefined : perSec(played);
    },
    rateText,
  );
  fillColumn(table, title, rates, (found) => rateText(median(found)));
  noteColumn(table, title, target.name, `${options.seconds} s, ${connections} in flight, ${rounds} rounds`);
}

function perSec({ reading }: Played): number {
  return reading.answered / reading.seconds;
}

function rateText(rate: number): string {
  return `${(Math.round(rate / 100) * 100).toLocaleString('en')}/s`;
}

import { median } from '../../support.ts';
import { byTurns, fillColumn } from '../by-turns.ts';
import { play } from '../play.ts';
import { Table } from '../table.ts';
import type { Work } from '../tool.ts';
import { writePlan } from '../write-plan.ts';
import { type Bench, noteColumn } from './part.ts';

const ROUNDS = 1;
const PLAN_PER_SEC = 100_000;

/** Peak resident memory of POSTs of 1 KB as fast as they go. */
export async function measureMemory(bench: Bench): Promise<Table> {
  const { options, folder, tools } = bench;
  const { posts, connections } = options;
  const target = bench.targetOf('post');
  const shape = { count: posts, ratePerSec: PLAN_PER_SEC, sessions: connections, port: target.port };
  const plan = await writePlan(folder, 'post-1k', shape);
  const pace = { kind: 'count', count: posts } as const;
  const work: Work = { kind: 'post', port: target.port, connections, pace, plan };
  console.log(`  ${posts} POSTs of 1 KB, ${connections} connections, server: ${target.name}`);
  const rounds = options.rounds || ROUNDS;
  const peaks = await byTurns(
    tools,
    rounds,
    async (tool) => (await play(tool, work, target))?.run.peakMb,
    (peakMb) => `${peakMb.toFixed(0)} MB`,
  );
  const column = `${posts.toLocaleString('en')} POSTs of 1 KB`;
  const table = new Table();
  fillColumn(table, column, peaks, (found) => `${median(found).toFixed(0)} MB`);
  for (const tool of tools) table.set(tool.name, 'sends', tool.sends);
  noteColumn(table, column, target.name, `${connections} connections, ${rounds} rounds`);
  return table;
}

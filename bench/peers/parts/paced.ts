import { constantStarts } from '../../shared/arrivals.ts';
import { type ArrivalErrors, arrivalErrors } from '../../shared/packet-arrivals.ts';
import { median } from '../../support.ts';
import { byTurns, fillColumn, type Outcomes } from '../by-turns.ts';
import type { InstalledTool } from '../installed-tools.ts';
import { play } from '../play.ts';
import { cpuBetween } from '../run-tool.ts';
import { Table } from '../table.ts';
import type { Work } from '../tool.ts';
import { wrk } from '../tools/wrk.ts';
import { writePlan } from '../write-plan.ts';
import { type Bench, noteColumn, type Target } from './part.ts';

const ROUNDS = 1;

/** One run at a constant rate, as the server saw it. */
interface Paced {
  readonly errors: ArrivalErrors;
  /** Of what was to arrive. */
  readonly share: number;
  /** CPU from the first arrival to the last. */
  readonly cores: number;
  /** Of the server, us: no stamp is later than one turn of its loop. */
  readonly turnP99Us: number;
  readonly turnMaxUs: number;
}

/** How far arrivals are from the plan, by the stamps of this project's own server. */
export async function measurePrecision(bench: Bench): Promise<Table> {
  const table = new Table();
  const limit = await limitOf(bench);
  for (const rate of bench.options.rates) {
    const found = await measureRate(bench, rate);
    const column = `${rate.toLocaleString('en')}/s: p50 / p99 / max`;
    fillColumn(table, column, found, errorsCell);
    note(bench, table, column, found, limit);
  }
  return table;
}

/** CPU at rates at which a tool mostly waits. */
export async function measureLow(bench: Bench): Promise<Table> {
  const table = new Table();
  for (const rate of bench.options.lowRates) {
    const found = await measureRate(bench, rate);
    const column = `cores at ${rate.toLocaleString('en')}/s`;
    fillColumn(table, column, found, (all) => median(all.map(({ cores }) => cores)).toFixed(3));
    note(bench, table, column, found, '');
  }
  return table;
}

function note(bench: Bench, table: Table, column: string, found: Outcomes<Paced>, limit: string): void {
  const { seconds, connections, rounds } = bench.options;
  const all = [...found.values()].flatMap((each) => (Array.isArray(each) ? each : []));
  if (all.length === 0) return;
  const p99 = median(all.map(({ turnP99Us }) => turnP99Us));
  const turns = `turns p99 ${us(p99)}, max ${us(Math.max(...all.map(({ turnMaxUs }) => turnMaxUs)))}`;
  const how = `${seconds} s, ${connections} connections, ${rounds || ROUNDS} rounds`;
  noteColumn(table, column, `own; ${turns}${limit}`, how);
}

async function measureRate(bench: Bench, ratePerSec: number): Promise<Outcomes<Paced>> {
  const { options, folder, tools, sink } = bench;
  const { seconds, connections } = options;
  const dues = [...constantStarts(ratePerSec, seconds)].map((startNs) => startNs / 1e9);
  const plan = await writePlan(folder, 'get', {
    ...{ count: dues.length, ratePerSec, sessions: connections, port: sink.httpPort },
  });
  const pace = { kind: 'rate', perSec: ratePerSec, seconds } as const;
  const work: Work = { kind: 'get', port: sink.httpPort, connections, pace, plan };
  console.log(`  ${ratePerSec} a second, ${seconds} s, ${connections} connections, server: own`);
  return byTurns(tools, options.rounds || ROUNDS, (tool) => paced(bench, tool, work, dues), pacedText);
}

async function paced(
  { sink }: Bench,
  tool: InstalledTool,
  work: Work,
  dues: readonly number[],
): Promise<Paced | undefined> {
  await sink.arrivals();
  const played = await play(tool, work, sink);
  if (played === undefined) return undefined;
  const { arrivalsS, turnsS } = await sink.arrivals();
  const [firstS = 0, lastS = 0] = [arrivalsS[0], arrivalsS.at(-1)];
  const turns = turnsS.sort((a, b) => a - b);
  return {
    errors: arrivalErrors(arrivalsS, dues),
    share: arrivalsS.length / dues.length,
    cores: cpuBetween(played.run.looks, firstS, lastS) / (lastS - firstS),
    turnP99Us: (turns[Math.floor(turns.length * 0.99)] ?? 0) * 1e6,
    turnMaxUs: (turns.at(-1) ?? 0) * 1e6,
  };
}

/** What the server takes at most: stamps mean something far below that. */
async function limitOf(bench: Bench): Promise<string> {
  const tool = bench.tools.find(({ name, isThere }) => name === wrk.name && isThere);
  if (tool === undefined) return '';
  const { folder, sink, options } = bench;
  const shape = { count: 1, ratePerSec: 1, sessions: 1, port: sink.httpPort };
  const plan = await writePlan(folder, 'get', shape);
  const { connections } = options;
  const pace = { kind: 'seconds', seconds: 2 } as const;
  const target: Target = { name: 'own', port: sink.httpPort, served: () => sink.served() };
  const played = await play(tool, { kind: 'get', port: sink.httpPort, connections, pace, plan }, target);
  const perSec = (played?.reading.answered ?? 0) / (played?.reading.seconds ?? 1);
  const text = `takes ${(Math.round(perSec / 100) * 100).toLocaleString('en')}/s from wrk`;
  console.log(`  the server ${text}`);
  return `; ${text}`;
}

function errorsCell(found: readonly Paced[]): string {
  const of = (key: 'p50' | 'p99' | 'max'): string => us(median(found.map(({ errors }) => errors[key])));
  const share = median(found.map((each) => each.share));
  const arrived = Math.abs(share - 1) < 0.005 ? '' : ` (${(share * 100).toFixed(0)} % arrived)`;
  return `${of('p50')} / ${of('p99')} / ${of('max')}${arrived}`;
}

function pacedText(paced: Paced): string {
  const turns = `server's turns p99 ${us(paced.turnP99Us)}, max ${us(paced.turnMaxUs)}`;
  return `${errorsCell([paced])}, ${paced.cores.toFixed(3)} cores; ${turns}`;
}

function us(value: number): string {
  return value < 1000 ? `${value.toFixed(0)} us` : `${(value / 1000).toFixed(value < 10_000 ? 1 : 0)} ms`;
}

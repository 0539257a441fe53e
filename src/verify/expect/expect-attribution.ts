import { expectPercentiles } from '../measure/exact-times.ts';
import { type Expectations, exactly, expectAll, nearly } from '../measure/expectations.ts';
import type { LogRow, LogTable } from '../measure/log-table.ts';

const MS = 1e6;
const US = 1e3;
/** Up to here nothing is late: a timer's tick. */
const TOLERANCE_NS = 1e6;

/** The send error of one operation, taken apart as docs/results.md does. */
const PARTS: Record<string, (row: LogRow) => number> = {
  gate: (row) => row.readyNs - row.dueNs,
  reading: (row) => row.readingNs,
  back_pressure: (row) => row.fullNs,
  catch_up: (row) => row.pacedNs,
  stall: (row) => row.stalledNs,
  scheduler: (row) => schedulerNs(row),
  transport: (row) => row.sentNs - releasedNs(row),
};

function releasedNs(row: LogRow): number {
  return Number.isNaN(row.releasedNs) ? row.sentNs : row.releasedNs;
}

function schedulerNs(row: LogRow): number {
  const held = row.readingNs + row.fullNs + row.pacedNs + row.stalledNs;
  return releasedNs(row) - row.readyNs - held;
}

interface Sum {
  ops: number;
  totalNs: number;
  maxNs: number;
}

/** Expects what made operations late: the parts of every send error, and what is to blame for the lateness. */
export async function expectAttribution(table: LogTable, into: Expectations): Promise<void> {
  const sums = new Map(
    Object.keys(PARTS).map((name): [string, Sum] => [name, { ops: 0, totalNs: 0, maxNs: 0 }]),
  );
  const scheduler = new Float64Array(table.sends);
  const transport = new Float64Array(table.sends);
  let at = 0;
  await table.each((row) => {
    if (!row.isSent) return;
    for (const [name, partOf] of Object.entries(PARTS)) addTo(sums.get(name) as Sum, partOf(row));
    scheduler[at] = schedulerNs(row);
    transport[at] = row.sentNs - releasedNs(row);
    at += 1;
  });
  const path = 'fidelity.lateness_attribution';
  for (const [name, { ops, totalNs, maxNs }] of sums) {
    const values = { ops: exactly(ops), total_ms: nearly(totalNs / MS), max_ms: nearly(maxNs / MS) };
    expectAll(into, `${path}.${name}`, values);
  }
  expectAll(into, `${path}.scheduler_us`, expectPercentiles(scheduler.sort(), US));
  expectAll(into, `${path}.transport_us`, expectPercentiles(transport.sort(), US));
  await expectCauses(table, into);
}

function addTo(sum: Sum, ns: number): void {
  sum.totalNs += ns;
  sum.maxNs = Math.max(sum.maxNs, ns);
  if (ns > TOLERANCE_NS) sum.ops += 1;
}

/** Catching up belongs to back-pressure from an operation that waited for it until one of its shard leaves on time. */
async function expectCauses(table: LogTable, into: Expectations): Promise<void> {
  const { lateNs, fullNs, pacedNs, gate } = await sendsInOrder(table);
  const backPressure: Sum = { ops: 0, totalNs: 0, maxNs: 0 };
  const generator: Sum = { ops: 0, totalNs: 0, maxNs: 0 };
  const own = new Float64Array(lateNs.length);
  const firsts = new Set(firstPlaces(table));
  let isAfterFull = false;
  lateNs.forEach((ns, i) => {
    if (firsts.has(i)) isAfterFull = false;
    const full = fullNs[i] as number;
    isAfterFull = ns > TOLERANCE_NS && (isAfterFull || full > TOLERANCE_NS);
    const held = isAfterFull ? full + (pacedNs[i] as number) : full;
    own[i] = ns - held;
    if (held > TOLERANCE_NS) addTo(backPressure, held);
    if (ns - held > TOLERANCE_NS) addTo(generator, ns - held);
  });
  for (const [name, { ops, totalNs }] of Object.entries({ gate, back_pressure: backPressure, generator })) {
    expectAll(into, `fidelity.attribution.${name}`, { ops: exactly(ops), total_ms: nearly(totalNs / MS) });
  }
  expectAll(into, 'fidelity.generator_lateness_us', expectPercentiles(own.sort(), US));
}

/** Places at which the sends of one shard end and those of the next begin. */
function firstPlaces({ sendsByShard }: LogTable): number[] {
  const shards = [...sendsByShard.keys()].sort((a, b) => a - b);
  let place = 0;
  return shards.map((shard) => {
    place += sendsByShard.get(shard) ?? 0;
    return place;
  });
}

async function sendsInOrder(table: LogTable) {
  const [lateNs, fullNs, pacedNs] = [0, 1, 2].map(() => new Float64Array(table.sends)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const gate: Sum = { ops: 0, totalNs: 0, maxNs: 0 };
  await table.each((row) => {
    if (!row.isSent) return;
    lateNs[row.sendOrder] = row.sentNs - row.readyNs;
    fullNs[row.sendOrder] = row.fullNs;
    pacedNs[row.sendOrder] = row.pacedNs;
    const waitNs = row.readyNs - row.dueNs;
    if (waitNs > TOLERANCE_NS) addTo(gate, waitNs);
  });
  return { lateNs, fullNs, pacedNs, gate };
}

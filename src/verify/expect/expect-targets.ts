import { fnv1a, mix32 } from '../../hash.ts';
import { expectHistogram, expectPercentiles } from '../measure/exact-times.ts';
import { type Expectations, expectAll, nearly } from '../measure/expectations.ts';
import { collectTimes } from '../measure/grouped-times.ts';
import type { LogRow, LogTable } from '../measure/log-table.ts';
import {
  type CacheCounts,
  countCache,
  countOperation,
  expectCache,
  expectOperations,
  noOperations,
  type Operations,
} from './expect-counts.ts';

const MS = 1e6;

/** What is counted of one target. */
type OfTarget = Operations & CacheCounts;

/** Times of a target by the name of their section, and of their histograms. */
const TIMES = [
  { section: 'latency', histogram: 'target_response', timeOf: (row: LogRow) => row.responseNs },
  {
    section: 'service_latency',
    histogram: 'target_service',
    timeOf: (row: LogRow) => (Number.isNaN(row.responseNs) ? Number.NaN : row.doneNs - row.sentNs),
  },
];

/**
 * The numbers of each of several targets: which one it was follows from the session, as docs/replay-log.md says. `into`
 * has the duration of the run.
 */
export async function expectTargets(
  table: LogTable,
  { targets, dialect }: { targets: number; dialect: string },
  into: Expectations,
): Promise<void> {
  if (!(targets > 1)) return;
  const targetOf = (row: LogRow): number => mix32(mix32(fnv1a(row.session)) ^ 0x9e3779b9) % targets;
  const counts = await countByTarget(table, targets, targetOf, dialect);
  counts.forEach((count, i) => {
    expectCountsOf(count, `targets[${i}]`, into);
  });
  for (const { section, histogram, timeOf } of TIMES) {
    const times = await collectTimes(table, targets, targetOf, timeOf);
    for (let i = 0; i < targets; i += 1) {
      expectAll(into, `targets[${i}].${section}.overall`, expectPercentiles(times.group(i), MS));
      expectHistogram(into, `histograms.${histogram}.${i}`, times.group(i));
    }
  }
}

async function countByTarget(
  table: LogTable,
  targets: number,
  targetOf: (row: LogRow) => number,
  dialect: string,
): Promise<OfTarget[]> {
  const counts = Array.from({ length: targets }, () => ({
    ...noOperations(),
    cacheHits: 0,
    cacheMisses: 0,
  }));
  await table.each((row) => {
    if (!row.isAttempted) return;
    const count = counts[targetOf(row)] as OfTarget;
    countOperation(count, row);
    if (dialect === 'memobuild') countCache(count, row);
  });
  return counts;
}

function expectCountsOf(count: OfTarget, path: string, into: Expectations): void {
  const { ok, failed } = count;
  const seconds = Number(into.get('summary.duration_secs')?.value ?? 0);
  expectOperations(into, `${path}.operations`, count);
  expectCache(into, `${path}.cache`, count);
  expectAll(into, path, {
    error_rate: nearly(ok + failed > 0 ? failed / (ok + failed) : undefined),
    throughput_ops_per_sec: nearly(seconds > 0 ? ok / seconds : undefined),
  });
}

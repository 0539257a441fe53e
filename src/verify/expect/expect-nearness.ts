import { dispersionOf, gapDistance, gapsOf, meanOf } from '../measure/arrival-measures.ts';
import { type Expectations, exactly, expectAll, nearly } from '../measure/expectations.ts';
import type { LogTable } from '../measure/log-table.ts';
import type { Leaves } from './document-leaves.ts';

const MS = 1e6;
const WIDTHS_MS = [10, 100, 1000, 10_000];

/**
 * How near the arrivals of a heavier plan are to the recorded ones, from the due times and the recorded starts of the
 * first pass. Where the log has not all of it (one shard, a plan that was not read to its end), or due times were moved,
 * nothing is expected but what the end of the log says.
 */
export async function expectNearness(table: LogTable, facts: Leaves, into: Expectations): Promise<void> {
  const option = (name: string): unknown => facts.get(`plan.options.${name}`) ?? null;
  if (facts.get('plan.nearness.rate_factor') === undefined) return;
  const isWhole = facts.get('fidelity.accounting.plan_complete') === true && option('shard') === null;
  if (!isWhole || option('behind') === 'stretch') return;
  const copies = Number(option('copies') ?? 1);
  const factor = Number(option('rate_multiplier')) * copies * Number(option('upscale') ?? 1);
  const { recorded, planned } = await firstPass(table, copies);
  const gaps = gapsOf(recorded);
  const meanNs = meanOf(gaps);
  const scaled = gapsOf(planned).map((gapNs) => Math.round(gapNs * factor));
  const scaledMeanNs = meanOf(scaled);
  const distance = gapDistance(gaps, scaled);
  expectAll(into, 'plan.nearness', {
    rate_factor: exactly(factor),
    rate_ratio: nearly(meanNs && scaledMeanNs && (factor * meanNs) / scaledMeanNs),
    gap_ks: nearly(distance?.ks),
    gap_w1_us: nearly(distance && distance.w1Ns / 1e3),
    gap_w1_over_mean: nearly(distance && meanNs && distance.w1Ns / meanNs),
  });
  for (const width of WIDTHS_MS) {
    expectAll(into, 'plan.nearness.dispersion', {
      [`recorded_${width}ms`]: nearly(dispersionOf(recorded, width * MS)),
      [`planned_${width}ms`]: nearly(dispersionOf(planned, width * MS)),
    });
  }
}

/** Recorded starts, each once, and due times of all copies, ascending. */
async function firstPass(table: LogTable, copies: number) {
  let first = { number: Infinity, record: 0 };
  await table.each(({ number, record }) => {
    if (number < first.number) first = { number, record };
  });
  // In a later pass the same record has a higher number.
  const readFirst = first.record - Math.floor(first.number / copies);
  const recorded = new Float64Array(table.reading.entries);
  const planned = new Float64Array(table.reading.entries);
  let [recordedCount, plannedCount] = [0, 0];
  await table.each((row) => {
    if (Math.floor(row.number / copies) + readFirst !== row.record) return;
    planned[plannedCount++] = row.dueNs;
    if (row.number % copies === 0) recorded[recordedCount++] = row.recordedStartNs;
  });
  return {
    recorded: recorded.subarray(0, recordedCount).sort(),
    planned: planned.subarray(0, plannedCount).sort(),
  };
}

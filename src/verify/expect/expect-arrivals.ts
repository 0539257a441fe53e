import {
  type ArrivalTimes,
  type Distance,
  dispersionOf,
  gapDistance,
  gapsOf,
  meanOf,
  slopeOf,
  spanOf,
} from '../measure/arrival-measures.ts';
import { type Expectations, exactly, expectAll, nearly } from '../measure/expectations.ts';
import type { LogTable } from '../measure/log-table.ts';

const MS = 1e6;
const US = 1e3;
const SECOND = 1e9;

/** The facts about arrivals that the verdict needs, in ns. */
export interface ArrivalFacts {
  sends: number;
  /** From the first due time to the last, of the operations that left. */
  plannedSpanNs: number | undefined;
  sentSpanNs: number | undefined;
  plannedMeanGapNs: number | undefined;
  distance: Distance | undefined;
  planned100Ms: number | undefined;
  sent100Ms: number | undefined;
}

/** Drift, gaps and lumps: planned arrivals in the order of time against sent ones in the order of sending. */
export async function expectArrivals(table: LogTable, into: Expectations): Promise<ArrivalFacts> {
  // First, and on its own: its arrays are as large as those that follow.
  const { slopeUsPerSec, plannedSpanNs } = await drift(table);
  const [planned, sent] = [await plannedArrivals(table), await sentArrivals(table)];
  const [plannedGaps, sentGaps] = [gapsOf(planned), gapsOf(sent)];
  const [plannedMeanGapNs, sentMeanGapNs] = [meanOf(plannedGaps), meanOf(sentGaps)];
  const distance = gapDistance(plannedGaps, sentGaps);
  const sentSpanNs = spanOf(sent);
  const [planned100Ms, sent100Ms] = [dispersionOf(planned, 100 * MS), dispersionOf(sent, 100 * MS)];
  expectAll(into, 'fidelity.interarrival', {
    planned_mean_us: inUnit(plannedMeanGapNs, US),
    sent_mean_us: inUnit(sentMeanGapNs, US),
    ks: nearly(distance?.ks),
    w1_us: inUnit(distance?.w1Ns, US),
  });
  expectAll(into, 'fidelity.dispersion', {
    planned_10ms: nearly(dispersionOf(planned, 10 * MS)),
    sent_10ms: nearly(dispersionOf(sent, 10 * MS)),
    planned_100ms: nearly(planned100Ms),
    sent_100ms: nearly(sent100Ms),
  });
  expectAll(into, 'fidelity.drift', {
    planned_duration_secs: inUnit(plannedSpanNs, SECOND),
    actual_duration_secs: inUnit(sentSpanNs, SECOND),
    difference_ms: inUnit(minus(sentSpanNs, plannedSpanNs), MS),
    slope_us_per_sec: slopeUsPerSec,
  });
  const sends = sent.length;
  return { sends, plannedSpanNs, sentSpanNs, plannedMeanGapNs, distance, planned100Ms, sent100Ms };
}

function inUnit(ns: number | undefined, unitNs: number) {
  return nearly(ns === undefined ? undefined : ns / unitNs);
}

function minus(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a - b;
}

/** Due times of all that was not left over by an early stop; what got no byte out is no arrival on either side. */
async function plannedArrivals(table: LogTable): Promise<ArrivalTimes> {
  const dues = new Float64Array(table.reading.entries);
  let count = 0;
  await table.each((row) => {
    if (row.isSent || row.disposition === 'shed' || row.disposition === 'gate_timeout')
      dues[count++] = row.dueNs;
  });
  return dues.subarray(0, count).sort();
}

async function sentArrivals(table: LogTable): Promise<ArrivalTimes> {
  const byOrder = new Float64Array(table.sends).fill(Number.NaN);
  await table.each((row) => {
    if (row.isSent) byOrder[row.sendOrder] = row.sentNs;
  });
  const sent = byOrder.includes(Number.NaN) ? byOrder.filter((sentNs) => !Number.isNaN(sentNs)) : byOrder;
  // One shard's sends are in order of time already; several shards' are one stream for the server.
  return table.sendsByShard.size > 1 ? sent.sort() : sent;
}

/** The time the plan had for what left, and the growth of its send error over the due times, in us for a second. */
async function drift(table: LogTable) {
  const due = new Float64Array(table.sends);
  const error = new Float64Array(table.sends);
  let at = 0;
  await table.each((row) => {
    if (!row.isSent) return;
    due[at] = row.dueNs - table.startNs;
    error[at] = row.sentNs - row.dueNs;
    at += 1;
  });
  const plannedSpanNs = at === 0 ? undefined : highest(due) - lowest(due);
  const perNs = slopeOf(due, error);
  if (perNs === undefined) return { plannedSpanNs, slopeUsPerSec: exactly(null) };
  // Two ways to add up doubles: the difference grows with the values, not with the slope.
  const largest = error.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
  const span = highest(due);
  const slopeUsPerSec = nearly(perNs * 1e6, span > 0 ? (largest / span) * 1e6 * 1e-7 : 0);
  return { plannedSpanNs, slopeUsPerSec };
}

function lowest(values: Float64Array): number {
  return values.reduce((least, each) => Math.min(least, each), Infinity);
}

function highest(values: Float64Array): number {
  return values.reduce((most, each) => Math.max(most, each), -Infinity);
}

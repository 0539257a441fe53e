import type { Operation } from '../../replay/ports.ts';
import { type FrozenHistogram, Histogram } from '../histogram/histogram.ts';
import { LATENESS_TOLERANCE_NS } from './lateness-causes.ts';

/** The sum of one kind of wait, over all operations that were sent. */
export interface WaitSum {
  /** Operations that waited for it longer than 1 ms. */
  ops: number;
  totalNs: number;
  maxNs: number;
}

export const WAIT_NAMES = [
  'gate',
  'reading',
  'back_pressure',
  'catch_up',
  'stall',
  'scheduler',
  'transport',
] as const;

export type WaitName = (typeof WAIT_NAMES)[number];

/** What was summed since an attribution was drained last. */
export interface LatenessAttributionPart {
  sums: Record<WaitName, WaitSum>;
  scheduler: FrozenHistogram;
  transport: FrozenHistogram;
}

/**
 * Splits the send error of every operation into what it consists of, without a rest:
 * due -`gate`-> ready -`reading`, `back_pressure`, `catch_up`, `stall`, `scheduler`-> released -`transport`-> sent.
 */
export class LatenessAttribution {
  sums: Record<WaitName, WaitSum> = noWaits();
  /** The scheduler's own lateness: nothing held the operation, and it had not left. */
  readonly scheduler = new Histogram();
  /** From leaving the engine to the first byte: connection set-up, and waiting for a free connection. */
  readonly transport = new Histogram();

  /** Takes an operation that was sent. */
  onSent(operation: Operation): void {
    const { dueNs, readyNs, sentNs, readingNs, fullNs, pacedNs, stalledNs } = operation;
    if (sentNs === undefined) return;
    const releasedNs = operation.releasedNs ?? sentNs;
    const schedulerNs = releasedNs - readyNs - readingNs - fullNs - pacedNs - stalledNs;
    const { sums } = this;
    add(sums.gate, readyNs - dueNs);
    add(sums.reading, readingNs);
    add(sums.back_pressure, fullNs);
    add(sums.catch_up, pacedNs);
    add(sums.stall, stalledNs);
    add(sums.scheduler, schedulerNs);
    add(sums.transport, sentNs - releasedNs);
    this.scheduler.record(schedulerNs);
    this.transport.record(sentNs - releasedNs);
  }

  /** Takes out what was summed since the last drain; undefined where nothing was sent. */
  drain(): LatenessAttributionPart | undefined {
    const [scheduler, transport] = [this.scheduler.drain(), this.transport.drain()];
    if (scheduler === undefined || transport === undefined) return undefined;
    const { sums } = this;
    this.sums = noWaits();
    return { sums, scheduler, transport };
  }

  addPart({ sums, scheduler, transport }: LatenessAttributionPart): void {
    for (const name of WAIT_NAMES) {
      const [sum, part] = [this.sums[name], sums[name]];
      sum.ops += part.ops;
      sum.totalNs += part.totalNs;
      sum.maxNs = Math.max(sum.maxNs, part.maxNs);
    }
    this.scheduler.addFrozen(scheduler);
    this.transport.addFrozen(transport);
  }
}

function noWaits(): Record<WaitName, WaitSum> {
  return {
    gate: noWait(),
    reading: noWait(),
    back_pressure: noWait(),
    catch_up: noWait(),
    stall: noWait(),
    scheduler: noWait(),
    transport: noWait(),
  };
}

function noWait(): WaitSum {
  return { ops: 0, totalNs: 0, maxNs: 0 };
}

function add(sum: WaitSum, ns: number): void {
  if (ns === 0) return;
  sum.totalNs += ns;
  if (ns > sum.maxNs) sum.maxNs = ns;
  if (ns > LATENESS_TOLERANCE_NS) sum.ops++;
}

import { MinHeap } from '../../min-heap.ts';
import { emptyList } from '../../stable-shapes.ts';
import type { BlockLease } from '../../trace/block/block-lease.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import type { PlannedTimes } from '../plan/due-times.ts';
import type { Flight } from './flight.ts';
import type { Lineup } from './plan-queue.ts';

/** Operations in the order of their due times, in whatever order they come. Who fills it bounds it. */
export class DueQueue implements Lineup {
  readonly full = false;
  readonly afterNextNs = Infinity;
  readonly #due = new MinHeap<Flight>(isDueFirst, undefined, emptyList());

  readonly #takeFlight: () => Flight;

  constructor(takeFlight: () => Flight) {
    this.#takeFlight = takeFlight;
  }

  get size(): number {
    return this.#due.size;
  }

  get nextNs(): number {
    return this.#due.peek()?.offsetNs ?? Infinity;
  }

  plan(
    record: TraceRecord,
    number: number,
    sequence: number,
    recordNumber: number,
    { dueNs, timelineNs }: PlannedTimes,
    readNs: number,
    lease?: BlockLease,
  ): void {
    const flight = this.#takeFlight();
    flight.lease = lease;
    flight.plan(record, number, sequence, recordNumber, dueNs, timelineNs, readNs);
    this.#due.push(flight);
  }

  shift(): Flight | undefined {
    return this.#due.pop();
  }

  takeAny(): Flight | undefined {
    return this.#due.pop();
  }

  pauseReader(): Promise<void> {
    return Promise.resolve();
  }

  resumeReader(): void {}
}

function isDueFirst(a: Flight, b: Flight): boolean {
  return a.offsetNs < b.offsetNs || (a.offsetNs === b.offsetNs && a.number < b.number);
}

import type { Disposition, Operation, ReplayObserver } from '../../replay/ports.ts';
import type { ArrivalMerge } from '../arrivals/arrival-merge.ts';
import { ArrivalOrder, type ArrivalSink } from '../arrivals/arrival-order.ts';
import { ArrivalStatistics } from '../arrivals/arrival-statistics.ts';
import { Tally, type TallyOptions } from './tally.ts';

export interface RecorderOptions extends Omit<TallyOptions, 'settledBelow'> {
  /** Due times don't rise in the order of the plan: with think time, and with copies. */
  sortsDues?: boolean | undefined;
}

/**
 * Keeps everything that the document of a run is made from: what was counted, and how operations arrived. It hears of
 * the operations of an engine itself or, where `merged` has the arrivals of several shards, has their tallies added.
 */
export class ResultsRecorder extends Tally implements ReplayObserver {
  readonly #own: OwnArrivals;
  readonly #merged: ArrivalMerge | undefined;

  constructor(options: RecorderOptions, merged?: ArrivalMerge) {
    const own = new OwnArrivals(options.sortsDues);
    super({ ...options, settledBelow: () => own.order.next });
    this.#own = own;
    this.#merged = merged;
  }

  /** The arrivals as they were sent. */
  get sent(): ArrivalStatistics {
    return this.#merged?.sent ?? this.#own.sentArrivals;
  }

  /** The arrivals of the plan, as far as it was tried; what got no byte out is no arrival on either side. */
  get planned(): ArrivalStatistics {
    this.#own.order.flush();
    return this.#merged?.planned ?? this.#own.plannedArrivals;
  }

  /** How many operations are missing from `planned`. */
  get missingFromPlan(): number {
    return this.#merged?.missing ?? this.#own.order.missing;
  }

  override onSent(operation: Operation, inFlight: number): void {
    super.onSent(operation, inFlight);
    this.#own.order.onSent(operation);
  }

  override onSettled(operation: Operation, disposition: Disposition, inFlight: number): void {
    super.onSettled(operation, disposition, inFlight);
    this.#own.order.onSettled(operation, disposition);
  }
}

/** Measures the arrivals of the operations that were heard of one by one. */
class OwnArrivals implements ArrivalSink {
  readonly sentArrivals = new ArrivalStatistics();
  readonly plannedArrivals = new ArrivalStatistics();
  readonly order: ArrivalOrder;

  constructor(sortsDues: boolean | undefined) {
    this.order = new ArrivalOrder(this, sortsDues === true ? 'sorted_here' : 'rising');
  }

  sent(sentNs: number): void {
    this.sentArrivals.add(sentNs);
  }

  due(dueNs: number): void {
    this.plannedArrivals.add(dueNs);
  }
}

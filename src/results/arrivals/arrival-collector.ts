import type { Disposition, Operation } from '../../replay/ports.ts';
import { ArrivalOrder, type ArrivalSink } from './arrival-order.ts';

/** Arrivals of one shard since it told of the last ones: ascending, but for due times that the merge has to sort. */
export interface ArrivalBatch {
  sentNs: Float64Array;
  dueNs: Float64Array;
  /** No arrival before these moments is still to be told of. */
  sentUpToNs: number;
  dueUpToNs: number;
  /** The due times of all operations before this one of the shard's plan have been told, as far as they count. */
  next: number;
  /** How many operations have due times that came too late for their place. */
  missing: number;
}

/** Collects the arrivals of a shard, for an `ArrivalMerge` to put those of all shards into one order. */
export class ArrivalCollector implements ArrivalSink {
  readonly #order: ArrivalOrder;
  readonly #sent = new Times();
  readonly #due = new Times();
  #missing = 0;

  /**
   * Where `sortsDues` is set, due times don't rise in the order of the plan; they are told as they come, and the merge
   * sorts them.
   */
  constructor(sortsDues = false) {
    this.#order = new ArrivalOrder(this, sortsDues ? 'unsorted' : 'rising');
  }

  /** The first operation of the shard's plan of which it is not known yet whether it will be sent. */
  get next(): number {
    return this.#order.next;
  }

  onSent(operation: Operation): void {
    this.#order.onSent(operation);
  }

  onSettled(operation: Operation, disposition: Disposition): void {
    this.#order.onSettled(operation, disposition);
  }

  sent(sentNs: number): void {
    this.#sent.add(sentNs);
  }

  due(dueNs: number): void {
    this.#due.add(dueNs);
  }

  /**
   * Takes what was collected. Nothing sent before `nowNs`, on the engine's clock, is still to be heard of. Of due times
   * that is known only up to the last one in order, or up to `dueUpToNs` where the engine knows better.
   */
  take(nowNs: number, dueUpToNs = -Infinity): ArrivalBatch {
    const missing = this.#order.missing - this.#missing;
    this.#missing += missing;
    const [sentNs, dueNs] = [this.#sent.take(), this.#due.take()];
    const upToNs = Math.max(this.#due.lastNs, dueUpToNs);
    return { sentNs, dueNs, sentUpToNs: nowNs, dueUpToNs: upToNs, next: this.next, missing };
  }

  /** Takes what is left of a shard that is over. */
  takeLast(): ArrivalBatch {
    this.#order.flush();
    return this.take(Infinity, Infinity);
  }
}

/** A growing list of numbers that allocates nothing for each. */
class Times {
  lastNs = -Infinity;
  #times = new Float64Array(1024);
  #count = 0;

  add(ns: number): void {
    if (this.#count === this.#times.length) this.#grow();
    this.#times[this.#count++] = ns;
    this.lastNs = ns;
  }

  take(): Float64Array {
    const taken = this.#times.slice(0, this.#count);
    this.#count = 0;
    return taken;
  }

  #grow(): void {
    const times = new Float64Array(2 * this.#times.length);
    times.set(this.#times);
    this.#times = times;
  }
}

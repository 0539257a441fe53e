import type { ArrivalBatch } from './arrival-collector.ts';
import { ArrivalStatistics } from './arrival-statistics.ts';
import { AscendingMerge } from './ascending-merge.ts';
import { DueSorter } from './due-sorter.ts';

const NOTHING = new Float64Array(0);

/** Merges the arrivals of several shards into one order of time. */
export class ArrivalMerge {
  readonly sent = new ArrivalStatistics();
  readonly #planned = new ArrivalStatistics();
  readonly #sent: AscendingMerge;
  readonly #due: AscendingMerge;
  /** In place of the merge where the due times of a shard don't rise. */
  readonly #sorter: DueSorter | undefined;
  #missing = 0;

  /** Where `sortsDues` is set, due times don't rise in the order of the plan. */
  constructor(shards: number, sortsDues = false) {
    this.#sorter = sortsDues ? new DueSorter((dueNs) => this.#planned.add(dueNs)) : undefined;
    this.#sent = new AscendingMerge(shards, (sentNs) => this.sent.add(sentNs));
    this.#due = new AscendingMerge(shards, (dueNs) => this.#planned.add(dueNs));
  }

  /** The arrivals of the plan; complete once all shards have told theirs. */
  get planned(): ArrivalStatistics {
    this.#sorter?.flush();
    return this.#planned;
  }

  /** How many operations are missing from `planned` (or, were a clock to run backwards, from `sent`). */
  get missing(): number {
    return this.#missing + this.#sent.misplaced + this.#due.misplaced + (this.#sorter?.misplaced ?? 0);
  }

  add({ sentNs, dueNs, sentUpToNs, dueUpToNs, missing }: ArrivalBatch, shard: number): void {
    this.#missing += missing;
    this.#sent.add(shard, sentNs, sentUpToNs);
    if (this.#sorter === undefined) this.#due.add(shard, dueNs, dueUpToNs);
    else for (const each of dueNs) this.#sorter.add(each);
  }

  /** Ends the stream of a shard that is over, or died; `dueNs` is all that it still had to tell. */
  end(shard: number, dueNs: Float64Array = NOTHING): void {
    this.#sent.end(shard);
    this.#due.add(shard, dueNs, Infinity);
  }
}

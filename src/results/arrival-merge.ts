import type { ArrivalBatch } from './arrival-collector.ts';
import { ArrivalStatistics } from './arrival-statistics.ts';
import { AscendingMerge } from './ascending-merge.ts';

/** The arrivals of several shards in the one order of time. */
export class ArrivalMerge {
  readonly sent = new ArrivalStatistics();
  readonly planned = new ArrivalStatistics();
  readonly #sent: AscendingMerge;
  readonly #due: AscendingMerge;
  /** By shard: what its last batch left waiting. */
  readonly #heldNs: Float64Array[] = [];
  #missing = 0;

  constructor(shards: number) {
    this.#sent = new AscendingMerge(shards, (sentNs) => this.sent.add(sentNs));
    this.#due = new AscendingMerge(shards, (dueNs) => this.planned.add(dueNs));
  }

  /** Operations that are missing from `planned` (or, were a clock to run backwards, from `sent`). */
  get missing(): number {
    return this.#missing + this.#sent.misplaced + this.#due.misplaced;
  }

  add({ sentNs, dueNs, sentUpToNs, dueUpToNs, heldNs, missing }: ArrivalBatch, shard: number): void {
    this.#heldNs[shard] = heldNs;
    this.#missing += missing;
    this.#sent.add(shard, sentNs, sentUpToNs);
    this.#due.add(shard, dueNs, dueUpToNs);
  }

  /** Nothing more is to be heard of a shard: it is over, or it died. */
  end(shard: number): void {
    const heldNs = this.#heldNs[shard];
    if (heldNs !== undefined && heldNs.length > 0) this.#due.add(shard, heldNs.sort(), Infinity);
    this.#sent.end(shard);
    this.#due.end(shard);
  }
}

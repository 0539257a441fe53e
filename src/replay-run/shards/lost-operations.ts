import { emptyAccounting, type ReplayAccounting } from '../../replay/accounting.ts';
import type { Disposition, Operation } from '../../replay/ports.ts';
import type { SendPlace } from '../../replay-log/replay-log.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import { book } from './add-up-ends.ts';
import { eachOpenRow, NO_ROWS, type OpenRows } from './open-rows.ts';
import { type PlannedOperation, PlannedOperations } from './planned-operations.ts';

/** Hears what becomes of operations that no shard can tell of any more. */
export interface LostObserver {
  onLost(operation: Operation, disposition: Disposition, shard: number, place: SendPlace | undefined): void;
}

interface GivenToShard {
  readonly planned: PlannedOperations;
  open: OpenRows;
  next: number;
}

/**
 * What each shard was given and has not told the end of. Where a shard dies, what it had on its way counts as
 * `cut_off`, as far as it was told, and the rest as `unsent`: the accounting closes whatever happens.
 */
export class LostOperations {
  /** Operations that were settled here. */
  readonly accounting: ReplayAccounting = emptyAccounting();
  readonly #shards: GivenToShard[];
  readonly #observers: readonly LostObserver[];

  constructor(shards: number, observers: readonly (LostObserver | undefined)[]) {
    this.#shards = Array.from({ length: shards }, () => ({
      planned: new PlannedOperations(),
      open: NO_ROWS,
      next: 0,
    }));
    this.#observers = observers.filter((observer) => observer !== undefined);
  }

  /** The shard is given an operation, of which this returns the sequence. */
  planned(
    shard: number,
    record: TraceRecord,
    number: number,
    recordNumber: number,
    offsetNs: number,
  ): number {
    return this.#of(shard).planned.add(record, number, recordNumber, offsetNs);
  }

  /**
   * What the shard tells: these are settled, those on their way, and its statistics have the due times of all before
   * `next`.
   */
  told(shard: number, settled: Uint32Array, open: OpenRows, next: number): void {
    const own = this.#of(shard);
    for (const sequence of settled) own.planned.settle(sequence);
    own.open = open;
    own.next = next;
    own.planned.pass(next);
  }

  /**
   * Due times, in ns after the anchor, of what had its turn before operations in front of it: the statistics of the shard
   * wait for those, and never get them where it died.
   */
  waitingNs(shard: number): number[] {
    const { planned, open, next } = this.#of(shard);
    const sequences = new Set<number>();
    eachOpenRow(open, (sequence) => sequences.add(sequence));
    return planned.offsetsFrom(next, sequences);
  }

  /** It has told the end of all it was given. */
  isIdle(shard: number): boolean {
    return this.#of(shard).planned.isEmpty;
  }

  /** Nobody takes this one; it would have been due after the anchor. */
  unsent(shard: number, sequence: number, anchorNs: number): void {
    const { planned } = this.#of(shard);
    const operation = planned.get(sequence);
    planned.settle(sequence);
    if (operation !== undefined) this.#settle(shard, operation, 'unsent', anchorNs);
  }

  /** Everybody is gone: settles what nobody has told the end of. */
  settleRest(anchorNs: number, nowNs: number): void {
    for (const [shard, { planned, open }] of this.#shards.entries()) {
      eachOpenRow(open, (sequence, fill, place) => {
        const operation = planned.get(sequence);
        if (operation === undefined) return;
        fill(operation);
        operation.doneNs = nowNs;
        planned.settle(sequence);
        this.#settle(shard, operation, 'cut_off', anchorNs, place);
      });
      for (const operation of planned.takeAll()) this.#settle(shard, operation, 'unsent', anchorNs);
    }
  }

  #settle(
    shard: number,
    operation: PlannedOperation,
    disposition: Disposition,
    anchorNs: number,
    place?: SendPlace,
  ): void {
    if (disposition === 'unsent') operation.dueNs = operation.readyNs = anchorNs + operation.offsetNs;
    book(this.accounting, disposition);
    for (const observer of this.#observers) observer.onLost(operation, disposition, shard, place);
  }

  #of(shard: number): GivenToShard {
    return this.#shards[shard] as GivenToShard;
  }
}

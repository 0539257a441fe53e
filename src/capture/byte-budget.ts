import type { ByteRoom } from '../wire/byte-room.ts';

/**
 * What bytes are held for. `flight`: requests and answers that go by. `record`: what waits for the disk. `follow`: what
 * it takes to read on; without it a connection is lost for good, so something is always left for that.
 */
export type BudgetUse = 'flight' | 'record' | 'follow';

/** The part of the budget each use may fill. Bodies in flight never leave no room for the records that are done. */
const LIMIT: Readonly<Record<BudgetUse, number>> = { flight: 0.75, record: 0.875, follow: 1 };
/** A buffer of a parser up to this size is needed to read on; a larger one is held like any other bytes in flight. */
const SMALL_BUFFER_BYTES = 16 * 1024;

/** A number of bytes that many may hold parts of. Refuses instead of waiting. */
export interface Budget extends ByteRoom {
  readonly takenBytes: number;
  take(use: BudgetUse, bytes: number): boolean;
}

/** The budget itself: one for the process. */
export class ByteBudget implements Budget {
  readonly #maxBytes: number;
  #takenBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get takenBytes(): number {
    return this.#takenBytes;
  }

  take(use: BudgetUse, bytes: number): boolean {
    if (this.#takenBytes + bytes > this.#maxBytes * LIMIT[use]) return false;
    this.#takenBytes += bytes;
    return true;
  }

  grow(fromBytes: number, toBytes: number): boolean {
    return this.take(toBytes <= SMALL_BUFFER_BYTES ? 'follow' : 'flight', toBytes - fromBytes);
  }

  give(bytes: number): void {
    this.#takenBytes -= bytes;
  }
}

/** What one connection holds of a budget. When it ends all is given back, whatever became of the parts. */
export class BudgetShare implements Budget {
  readonly #budget: Budget;
  #takenBytes = 0;
  #isClosed = false;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  get takenBytes(): number {
    return this.#takenBytes;
  }

  take(use: BudgetUse, bytes: number): boolean {
    if (this.#isClosed || !this.#budget.take(use, bytes)) return false;
    this.#takenBytes += bytes;
    return true;
  }

  grow(fromBytes: number, toBytes: number): boolean {
    if (this.#isClosed || !this.#budget.grow(fromBytes, toBytes)) return false;
    this.#takenBytes += toBytes - fromBytes;
    return true;
  }

  give(bytes: number): void {
    const given = Math.min(bytes, this.#takenBytes);
    this.#takenBytes -= given;
    this.#budget.give(given);
  }

  close(): void {
    this.#isClosed = true;
    this.give(this.#takenBytes);
  }
}

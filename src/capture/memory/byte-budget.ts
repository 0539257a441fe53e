import type { ByteRoom } from '../../wire/byte-room.ts';

/**
 * What bytes are held for. `flight`: requests and answers that go by. `record`: what waits for the disk. `follow`: what
 * it takes to read on; without it a connection is lost for good, so something is always left for that.
 */
export type BudgetUse = 'flight' | 'record' | 'follow';

/** The part of the budget each use may fill. Bodies in flight never leave no room for the records that are done. */
const LIMIT: Readonly<Record<BudgetUse, number>> = { flight: 0.75, record: 0.875, follow: 1 };
/** A buffer of a parser up to this size is needed to read on; a larger one is held like any other bytes in flight. */
const SMALL_BUFFER_BYTES = 16 * 1024;
/** The part that all buffers of parsers together may fill: heads that never end take no room from what is recorded. */
const BUFFERS_LIMIT = 0.25;

/** A number of bytes that many may hold parts of. Refuses instead of waiting. */
export interface Budget extends ByteRoom {
  readonly takenBytes: number;
  give(bytes: number): void;
  take(use: BudgetUse, bytes: number): boolean;
}

/** The memory that all connections of the process share. */
export class ByteBudget implements Budget {
  readonly #maxBytes: number;
  #takenBytes = 0;
  /** The part of the taken bytes that parsers hold in buffers. */
  #bufferBytes = 0;

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
    const bytes = toBytes - fromBytes;
    if (this.#bufferBytes + bytes > this.#maxBytes * BUFFERS_LIMIT) return false;
    if (!this.take(toBytes <= SMALL_BUFFER_BYTES ? 'follow' : 'flight', bytes)) return false;
    this.#bufferBytes += bytes;
    return true;
  }

  shrink(bytes: number): void {
    this.#bufferBytes -= bytes;
    this.give(bytes);
  }

  give(bytes: number): void {
    this.#takenBytes -= bytes;
  }
}

/**
 * The part of a budget that one connection holds. When the connection ends all is given back, whatever became of its
 * parts.
 */
export class BudgetShare implements Budget {
  readonly #budget: Budget;
  /** For anything but buffers of parsers, and for these. */
  #takenBytes = 0;
  #bufferBytes = 0;
  #isClosed = false;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  get takenBytes(): number {
    return this.#takenBytes + this.#bufferBytes;
  }

  take(use: BudgetUse, bytes: number): boolean {
    if (this.#isClosed || !this.#budget.take(use, bytes)) return false;
    this.#takenBytes += bytes;
    return true;
  }

  grow(fromBytes: number, toBytes: number): boolean {
    if (this.#isClosed || !this.#budget.grow(fromBytes, toBytes)) return false;
    this.#bufferBytes += toBytes - fromBytes;
    return true;
  }

  shrink(bytes: number): void {
    const given = Math.min(bytes, this.#bufferBytes);
    this.#bufferBytes -= given;
    this.#budget.shrink(given);
  }

  give(bytes: number): void {
    const given = Math.min(bytes, this.#takenBytes);
    this.#takenBytes -= given;
    this.#budget.give(given);
  }

  close(): void {
    this.#isClosed = true;
    this.give(this.#takenBytes);
    this.shrink(this.#bufferBytes);
  }
}

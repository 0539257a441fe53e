import { NO_BYTES } from '../trace/record.ts';
import type { ByteBudget } from './byte-budget.ts';

/** Collects one body up to a limit, on a shared budget; what does not fit is counted and let go. */
export class BodyBuffer {
  readonly #budget: ByteBudget;
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #keptBytes = 0;
  #seenBytes = 0;
  #isFull = false;

  constructor(budget: ByteBudget, maxBytes: number) {
    this.#budget = budget;
    this.#maxBytes = maxBytes;
  }

  /** Bytes that were offered. */
  get seenBytes(): number {
    return this.#seenBytes;
  }

  get keptBytes(): number {
    return this.#keptBytes;
  }

  get missingBytes(): number {
    return this.#seenBytes - this.#keptBytes;
  }

  add(view: Buffer): void {
    this.#seenBytes += view.length;
    if (this.#isFull || view.length === 0) return;
    const room = Math.min(view.length, this.#maxBytes - this.#keptBytes);
    if (room < view.length) this.#isFull = true; // no holes: behind the first missing byte nothing is kept
    if (room <= 0) return;
    if (!this.#budget.take(room)) {
      this.#isFull = true;
      return;
    }
    this.#keptBytes += room;
    this.#parts.push(ownBytes(view.subarray(0, room)));
  }

  /** The body, whole or its beginning. */
  bytes(): Uint8Array {
    if (this.#parts.length === 0) return NO_BYTES;
    if (this.#parts.length > 1) this.#parts = [Buffer.concat(this.#parts, this.#keptBytes)];
    return this.#parts[0] as Buffer;
  }

  /** Gives the budget back; the bytes must not be asked for again. */
  release(): void {
    this.#budget.give(this.#keptBytes);
    this.#keptBytes = 0;
    this.#parts = [];
    this.#isFull = true;
  }
}

/** A small view would keep the whole chunk of the socket alive, so it is copied; a large one is taken as it is. */
function ownBytes(view: Buffer): Buffer {
  return view.length * 2 >= view.buffer.byteLength ? view : Buffer.from(view);
}

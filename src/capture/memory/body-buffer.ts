import { NO_BYTES } from '../../trace/record/record.ts';
import type { Budget } from './byte-budget.ts';
import { giveSlab, slabBytes, takeSlab } from './slab-pool.ts';

/** What a Buffer with bytes of its own costs beyond them: three objects and a block of the allocator. */
export const BUFFER_BYTES = 256;
const MAX_SLAB_BYTES = 64 * 1024;
const NO_SLAB = Buffer.alloc(0);

/** A body, or one of several messages, with the part of its bytes that was kept. */
export interface CutBody {
  readonly bytes: Uint8Array;
  readonly seenBytes: number;
}

/**
 * Collects a body, or the messages of a direction one after the other, and takes from a budget what that costs. All is
 * copied, for the memory that a chunk was read into is read into again; into slabs that grow: a Buffer for each piece
 * would cost hundreds of times its byte. What does not fit is counted and let go.
 */
export class BodyBuffer {
  readonly #budget: Budget;
  #maxBytes: number;
  /** The parts of the open body, but for its end in the slab. */
  #parts: Buffer[] = [];
  #slab = NO_SLAB;
  /** Where the open body begins in the slab, and where the slab is free. */
  #from = 0;
  #to = 0;
  /** Taken for the open body alone, and in all. */
  #openCostBytes = 0;
  #costBytes = 0;
  #keptBytes = 0;
  #seenBytes = 0;
  /** Kept of the bodies before the open one. */
  #cutBytes = 0;
  #isFull = false;
  /** How many slabs there were. */
  #slabs = 0;

  constructor(budget: Budget, maxBytes: number) {
    this.#budget = budget;
    this.#maxBytes = maxBytes;
  }

  /** Bytes of the open body that were offered. */
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
    const kept = room < view.length ? view.subarray(0, room) : view;
    if (!this.#copy(kept)) this.#isFull = true;
  }

  /** The open body, whole or its beginning. */
  bytes(): Uint8Array {
    if (this.#keptBytes === 0) return NO_BYTES;
    this.#closePart();
    if (this.#parts.length > 1) this.#parts = [joined(this.#parts, this.#keptBytes)];
    return this.#parts[0] as Buffer;
  }

  /** Of the open body at most `maxBytes` are kept. */
  limit(maxBytes: number): void {
    this.#maxBytes = maxBytes;
  }

  /** Ends the open body and begins another one. */
  cut(): CutBody {
    const body = { bytes: this.#settled(), seenBytes: this.#seenBytes };
    this.#cutBytes += body.bytes.length;
    this.#parts = [];
    this.#openCostBytes = 0;
    this.#keptBytes = 0;
    this.#seenBytes = 0;
    this.#from = this.#to;
    this.#isFull = false;
    return body;
  }

  /** Gives the budget back; the bytes must not be asked for again, and those that were asked for stay good. */
  release(): void {
    this.settle();
    this.#dropSlab();
  }

  /** Gives the budget back, and no more. */
  settle(): void {
    this.#budget.give(this.#costBytes);
    this.#costBytes = 0;
    this.#openCostBytes = 0;
    this.#keptBytes = 0;
    this.#parts = [];
    this.#isFull = true;
  }

  /** Like `release`, and another body is written over the bytes that were asked for, where all were in one slab. */
  recycle(): void {
    this.settle();
    if (this.#slabs === 1 && this.#slab !== NO_SLAB) giveSlab(this.#slab);
    this.#dropSlab();
  }

  #copy(view: Buffer): boolean {
    let at = 0;
    while (at < view.length) {
      if (this.#to === this.#slab.length && !this.#openSlab(view.length - at)) return false;
      const length = view.copy(this.#slab, this.#to, at);
      this.#to += length;
      this.#keptBytes += length;
      at += length;
    }
    return true;
  }

  /** Each slab is as large as all before it, so that few are needed and at most half of them is empty. */
  #openSlab(neededBytes: number): boolean {
    const grown = Math.min(this.#keptBytes + this.#cutBytes, MAX_SLAB_BYTES);
    const size = slabBytes(Math.max(neededBytes, grown));
    if (!this.#take(size + BUFFER_BYTES)) return false;
    this.#openCostBytes += size + BUFFER_BYTES;
    this.#closePart();
    this.#slab = takeSlab(size);
    this.#slabs++;
    this.#from = 0;
    this.#to = 0;
    return true;
  }

  #take(bytes: number): boolean {
    if (!this.#budget.take('flight', bytes)) return false;
    this.#costBytes += bytes;
    return true;
  }

  /** Makes a part of the bytes that the open body has in the slab. */
  #closePart(): void {
    if (this.#to > this.#from) this.#parts.push(this.#slab.subarray(this.#from, this.#to));
    this.#from = this.#to;
  }

  /** The bytes of the open body, holding no more than they need: several parts become one, and give back the rest. */
  #settled(): Uint8Array {
    this.#closePart();
    if (this.#parts.length <= 1) return this.bytes();
    const bytes = this.bytes();
    this.#dropSlab();
    const excess = this.#openCostBytes - (bytes.length + BUFFER_BYTES);
    if (excess > 0) this.#giveCost(excess);
    else if (excess < 0 && !this.#take(-excess)) return this.#unkept();
    return bytes;
  }

  #unkept(): Uint8Array {
    this.#giveCost(this.#openCostBytes);
    this.#keptBytes = 0;
    return NO_BYTES;
  }

  #giveCost(bytes: number): void {
    this.#costBytes -= bytes;
    this.#budget.give(bytes);
  }

  #dropSlab(): void {
    this.#slab = NO_SLAB;
    this.#from = 0;
    this.#to = 0;
  }
}

/** Like Buffer.concat, which takes small results from a pool: one of them would keep all of the pool's block. */
function joined(parts: readonly Buffer[], sizeBytes: number): Buffer {
  const whole = Buffer.allocUnsafeSlow(sizeBytes);
  let at = 0;
  for (const part of parts) at += part.copy(whole, at);
  return whole;
}

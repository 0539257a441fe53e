import { BodyBuffer } from './body-buffer.ts';
import type { Budget } from './byte-budget.ts';

/** What it costs to know when a piece came: two numbers, in a list that grows by halves. */
const PIECE_BYTES = 32;

/** Bytes that wait until it is known what they are, and when each piece of them came. */
export class HeldBytes {
  readonly #budget: Budget;
  readonly #maxBytes: number;
  #bytes: BodyBuffer;
  /** For each piece where it ends and when it came, by turns. */
  #pieces: number[] = [];

  constructor(budget: Budget, maxBytes: number) {
    this.#budget = budget;
    this.#maxBytes = maxBytes;
    this.#bytes = new BodyBuffer(budget, maxBytes);
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  /** False: there is no room for it. What was held before is held yet. */
  add(chunk: Buffer, atNs: number): boolean {
    if (!this.#budget.take('flight', PIECE_BYTES)) return false;
    this.#bytes.add(chunk);
    this.#pieces.push(this.#bytes.seenBytes, atNs);
    return this.#bytes.missingBytes === 0;
  }

  /** Gives up all the bytes that are held. */
  clear(): void {
    this.#budget.give((this.#pieces.length / 2) * PIECE_BYTES);
    this.#pieces = [];
    this.#bytes.release();
    this.#bytes = new BodyBuffer(this.#budget, this.#maxBytes);
  }

  /** Lets all go, to `read`, which may hold them again. */
  drain(read: (chunk: Buffer, atNs: number) => void): void {
    const pieces = this.#pieces;
    const bytes = this.#bytes.bytes() as Buffer;
    this.clear();
    let from = 0;
    for (let i = 0; i < pieces.length; i += 2) {
      const to = pieces[i] as number;
      read(bytes.subarray(from, to), pieces[i + 1] as number);
      from = to;
    }
  }
}

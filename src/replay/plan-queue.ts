import type { Flight } from './flight.ts';

/** What was read ahead and is not due yet, bounded in records and bytes: one side fills it, the other empties it. */
export class PlanQueue {
  #items: (Flight | undefined)[] = [];
  #first = 0;
  #sizeBytes = 0;
  #wake: (() => void) | undefined;
  readonly #maxRecords: number;
  readonly #maxBytes: number;

  constructor(maxRecords: number, maxBytes: number) {
    this.#maxRecords = maxRecords;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#items.length - this.#first;
  }

  get full(): boolean {
    return this.size >= this.#maxRecords || this.#sizeBytes >= this.#maxBytes;
  }

  push(flight: Flight): void {
    this.#items.push(flight);
    this.#sizeBytes += flight.sizeBytes;
  }

  peek(): Flight | undefined {
    return this.#items[this.#first];
  }

  shift(): Flight | undefined {
    const flight = this.#items[this.#first];
    if (flight === undefined) return undefined;
    this.#items[this.#first] = undefined;
    this.#first += 1;
    this.#sizeBytes -= flight.sizeBytes;
    if (this.#first > 1024 && this.#first * 2 > this.#items.length) this.#compact();
    if (this.#wake !== undefined && this.#halfEmpty()) this.release();
    return flight;
  }

  /** Resolves when the queue is half empty again (filling it record by record would wake the reader for each). */
  room(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Lets a waiting reader go on, whatever is in the queue. */
  release(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #halfEmpty(): boolean {
    return this.size * 2 <= this.#maxRecords && this.#sizeBytes * 2 <= this.#maxBytes;
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#first);
    this.#first = 0;
  }
}

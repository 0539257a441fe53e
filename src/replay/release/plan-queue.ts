import { emptyList } from '../../stable-shapes.ts';
import type { Flight } from './flight.ts';
import { PausedReader } from './paused-reader.ts';

/** What was read ahead and is not due yet, bounded in records and bytes: one side fills it, the other empties it. */
export interface Lineup {
  readonly size: number;
  readonly full: boolean;
  push(flight: Flight): void;
  /** The operation that is due next (`offsetNs` after the anchor), where that is known. */
  peek(): Flight | undefined;
  /** Takes the first operation out of the queue. */
  shift(): Flight | undefined;
  /** Takes any one out, whether its time is known or not. */
  takeAny(): Flight | undefined;
  /** Resolves when it is half empty again (filling it record by record would wake the reader for each). */
  pauseReader(): Promise<void>;
  /** Lets a waiting reader go on, whatever is in it. */
  resumeReader(): void;
}

/** The plan in its own order: due times are known when it is read, and only grow. */
export class PlanQueue implements Lineup {
  #items = emptyList<Flight | undefined>();
  #first = 0;
  #sizeBytes = 0;
  readonly #reader = new PausedReader();
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
    if (this.#reader.isPaused && this.#halfEmpty()) this.resumeReader();
    return flight;
  }

  takeAny(): Flight | undefined {
    return this.shift();
  }

  pauseReader(): Promise<void> {
    return this.#reader.pause();
  }

  resumeReader(): void {
    this.#reader.resume();
  }

  #halfEmpty(): boolean {
    return this.size * 2 <= this.#maxRecords && this.#sizeBytes * 2 <= this.#maxBytes;
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#first);
    this.#first = 0;
  }
}

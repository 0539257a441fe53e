import { MinHeap } from '../../min-heap.ts';
import { emptyList } from '../../stable-shapes.ts';
import type { Flight } from './flight.ts';
import type { Lineup } from './plan-queue.ts';

/** Operations in the order of their due times, in whatever order they come. Who fills it bounds it. */
export class DueQueue implements Lineup {
  readonly full = false;
  readonly #due = new MinHeap<Flight>(isDueFirst, undefined, emptyList());

  get size(): number {
    return this.#due.size;
  }

  push(flight: Flight): void {
    this.#due.push(flight);
  }

  peek(): Flight | undefined {
    return this.#due.peek();
  }

  shift(): Flight | undefined {
    return this.#due.pop();
  }

  takeAny(): Flight | undefined {
    return this.#due.pop();
  }

  pauseReader(): Promise<void> {
    return Promise.resolve();
  }

  resumeReader(): void {}
}

function isDueFirst(a: Flight, b: Flight): boolean {
  return a.offsetNs < b.offsetNs || (a.offsetNs === b.offsetNs && a.number < b.number);
}

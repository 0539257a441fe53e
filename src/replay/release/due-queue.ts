import { MinHeap } from '../../min-heap.ts';
import { emptyList } from '../../stable-shapes.ts';
import type { Flight } from './flight.ts';
import type { Lineup } from './plan-queue.ts';
import { isDueFirst, plannedFlight } from './planned-flight.ts';

/** Operations in the order of their due times, in whatever order they come. Who fills it bounds it. */
export class DueQueue implements Lineup {
  readonly full = false;
  readonly afterNextNs = Infinity;
  readonly #due = new MinHeap<Flight>(isDueFirst, undefined, emptyList());

  readonly #takeFlight: () => Flight;

  constructor(takeFlight: () => Flight) {
    this.#takeFlight = takeFlight;
  }

  get size(): number {
    return this.#due.size;
  }

  get nextNs(): number {
    return this.#due.peek()?.offsetNs ?? Infinity;
  }

  plan(...planned: Parameters<Lineup['plan']>): void {
    this.#due.push(plannedFlight(this.#takeFlight, planned));
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

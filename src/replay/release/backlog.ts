import { MinHeap } from '../../min-heap.ts';
import { emptyList } from '../../stable-shapes.ts';
import type { Flight } from './flight.ts';

/** Operations that may leave, in due order, and the pace at which late ones do. */
export interface Backlog {
  readonly size: number;
  push(flight: Flight): void;
  peek(): Flight | undefined;
  /** When the head may leave, in whole ns on the engine's clock; -Infinity: as soon as there is a slot. */
  headAtNs(nowNs: number): number;
  /** Takes the first operation out; it does not leave. */
  drop(): Flight | undefined;
  /** The head leaves now. `wasHeld`: something other than the pace kept it until now. */
  release(nowNs: number, wasHeld: boolean): Flight | undefined;
}

/**
 * Late operations leave at most `factor` times faster than planned: the gap between two of them is their planned
 * gap divided by it. A server that recovers then meets its own traffic sped up, bursts and all, not everything
 * that had piled up at once (fortio #543). Up to `graceNs` of lateness is ordinary and is not paced.
 */
export function createBacklog(factor: number, graceNs: number): Backlog {
  return new PacedBacklog(factor, graceNs);
}

class PacedBacklog implements Backlog {
  readonly #heap = new MinHeap<Flight>(isDueFirst, undefined, emptyList());
  readonly #factor: number;
  readonly #graceNs: number;
  /** When the last one left, by the pace. */
  #lastLeftNs = -Infinity;
  #lastDueNs = -Infinity;
  /** The last one left late. */
  #isPacing = false;

  constructor(factor: number, graceNs: number) {
    this.#factor = factor;
    this.#graceNs = graceNs;
  }

  get size(): number {
    return this.#heap.size;
  }

  push(flight: Flight): void {
    this.#heap.push(flight);
  }

  peek(): Flight | undefined {
    return this.#heap.peek();
  }

  headAtNs(nowNs: number): number {
    const head = this.#heap.peek();
    if (head === undefined || nowNs - head.readyNs <= this.#graceNs) return -Infinity;
    const gapNs = Math.max(0, head.dueNs - this.#lastDueNs);
    return gapNs === Infinity ? -Infinity : this.#lastLeftNs + Math.round(gapNs / this.#factor);
  }

  drop(): Flight | undefined {
    return this.#heap.pop();
  }

  release(nowNs: number, wasHeld: boolean): Flight | undefined {
    const atNs = this.headAtNs(nowNs);
    const flight = this.#heap.pop();
    if (flight === undefined) return undefined;
    // The pace counts from when the head might have left: a clock that wakes late (by a tick of 1 ms, by a stall up
    // to the grace) would otherwise slow it down, and never catch up at all where gaps are as short as ticks.
    const isPacing = this.#isPacing && !wasHeld;
    this.#lastLeftNs = isPacing ? Math.max(atNs, nowNs - this.#graceNs) : nowNs;
    this.#isPacing = atNs > -Infinity;
    this.#lastDueNs = Math.max(this.#lastDueNs, flight.dueNs);
    return flight;
  }
}

function isDueFirst(a: Flight, b: Flight): boolean {
  return a.dueNs < b.dueNs || (a.dueNs === b.dueNs && a.number < b.number);
}

import { MinHeap } from '../../min-heap.ts';
import type { Clock } from '../../replay/ports.ts';

/** Deadlines are looked at this often; none passes early. */
const TICK_NS = 10e6;

/** Keeps many deadlines with one timer between them, by the tick in which they pass. */
export class Deadlines<T> {
  readonly #clock: Clock;
  readonly #onPassed: (item: T) => void;
  readonly #byTick = new Map<number, Set<T>>();
  readonly #ticks = new MinHeap<number>((a, b) => a < b);
  #alarmTick = Infinity;
  #stopAlarm: (() => void) | undefined;

  constructor(clock: Clock, onPassed: (item: T) => void) {
    this.#clock = clock;
    this.#onPassed = onPassed;
  }

  /** Returns the tick to give to `remove`. */
  add(item: T, inNs: number): number {
    const tick = Math.ceil((this.#clock.nowNs() + inNs) / TICK_NS);
    const items = this.#byTick.get(tick);
    if (items !== undefined) items.add(item);
    else {
      this.#byTick.set(tick, new Set([item]));
      this.#ticks.push(tick);
      this.#setAlarm();
    }
    return tick;
  }

  remove(item: T, tick: number): void {
    this.#byTick.get(tick)?.delete(item);
  }

  /** Forgets all. */
  clear(): void {
    this.#stopAlarm?.();
    this.#byTick.clear();
    while (this.#ticks.size > 0) this.#ticks.pop();
  }

  #setAlarm(): void {
    const tick = this.#firstTick();
    if (tick === undefined || tick >= this.#alarmTick) return;
    this.#stopAlarm?.();
    this.#alarmTick = tick;
    this.#stopAlarm = this.#clock.at(tick * TICK_NS, () => this.#ring(), true);
  }

  /** The first tick that still has a deadline: most calls are over long before, and a clock that wakes costs. */
  #firstTick(): number | undefined {
    for (let tick = this.#ticks.peek(); tick !== undefined; tick = this.#ticks.peek()) {
      if ((this.#byTick.get(tick)?.size ?? 0) > 0) return tick;
      this.#byTick.delete(tick);
      this.#ticks.pop();
    }
    return undefined;
  }

  #ring(): void {
    this.#alarmTick = Infinity;
    this.#stopAlarm = undefined;
    const nowNs = this.#clock.nowNs();
    for (
      let tick = this.#ticks.peek();
      tick !== undefined && tick * TICK_NS <= nowNs;
      tick = this.#ticks.peek()
    ) {
      this.#ticks.pop();
      const items = this.#byTick.get(tick);
      this.#byTick.delete(tick);
      for (const item of items ?? []) this.#onPassed(item);
    }
    this.#setAlarm();
  }
}

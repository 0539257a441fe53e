import { MinHeap } from '../../min-heap.ts';
import { emptyList } from '../../stable-shapes.ts';
import type { Clock } from '../ports.ts';
import type { Precision } from '../replay-options.ts';
import { hrNowNs } from './alarm-cells.ts';
import { createThreadAlarm, type ThreadAlarm } from './thread-alarm.ts';

/**
 * How long before the moment turns of the event loop, which serve sockets as they go by, take over from sleeping.
 * `eco` never turns: timers of libuv tick in milliseconds and are up to two late. `normal` is woken by a thread that
 * sleeps to about 50 us; the turns cover that and the way here. `spin` hardly sleeps at all.
 */
const SPIN_NS: Record<Precision, number> = { eco: 0, normal: 200_000, spin: 50_000_000 };

export interface RealClockOptions {
  precision?: Precision | undefined;
}

/**
 * The monotonic clock of this machine: the same in all threads of the process. `at` never wakes early; how late it
 * wakes is up to the precision and the event loop. All waits share one timer, and what is due at once wakes at once.
 */
export function createRealClock({ precision = 'normal' }: RealClockOptions = {}): Clock {
  return new RealClock(precision);
}

class RealClock implements Clock {
  readonly #originNs = hrOriginNs();
  readonly #spinNs: number;
  readonly #usesThread: boolean;
  readonly #wakes = new MinHeap<Wake>(isFirst, setIndex, emptyList());
  #alarm: ThreadAlarm | undefined;
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;
  /** The time that timer, turn and alarm are set for. */
  #armedNs = Infinity;
  #orders = 0;
  #isWaking = false;

  constructor(precision: Precision) {
    this.#spinNs = SPIN_NS[precision];
    this.#usesThread = precision === 'normal';
  }

  nowNs(): number {
    return this.#originNs + Math.round(performance.now() * 1e6);
  }

  at(atNs: number, wake: () => void, isCoarse = false): () => void {
    if (isCoarse) return this.#coarse(atNs, wake);
    const entry: Wake = { atNs, order: this.#orders++, wake, index: -1 };
    this.#wakes.push(entry);
    this.#arm();
    return () => {
      if (entry.index < 0) return;
      this.#wakes.removeAt(entry.index);
      if (this.#wakes.size === 0) this.#disarm();
    };
  }

  #coarse(atNs: number, wake: () => void): () => void {
    const look = (): void => {
      if (this.nowNs() >= atNs) wake();
      else timer = setTimeout(look, timerMs(atNs - this.nowNs()));
    };
    let timer = setTimeout(look, timerMs(atNs - this.nowNs()));
    return () => clearTimeout(timer);
  }

  /** Wakes what is due, in order; never from inside `at`: the caller is not ready to be woken. */
  readonly #look = (): void => {
    this.#isWaking = true;
    try {
      for (let first = this.#wakes.peek(); first !== undefined; first = this.#wakes.peek()) {
        if (first.atNs > this.nowNs()) break;
        this.#wakes.removeAt(0);
        first.wake();
      }
    } finally {
      this.#isWaking = false;
      this.#disarm();
      this.#arm();
    }
  };

  /** Hundreds of thousands of times a second, so it does nothing else as long as there is nothing to do. */
  readonly #spin = (): void => {
    if (this.#armedNs > this.nowNs()) this.#turn = setImmediate(this.#spin);
    else this.#look();
  };

  #arm(): void {
    const atNs = this.#wakes.peek()?.atNs ?? Infinity;
    if (this.#isWaking || atNs >= this.#armedNs) return;
    this.#disarm();
    this.#armedNs = atNs;
    const leftNs = atNs - this.nowNs();
    if (leftNs <= this.#spinNs) {
      this.#turn = setImmediate(this.#spin);
      return;
    }
    // With the thread the timer is only there in case the ring does not come.
    const timerNs = this.#usesThread ? leftNs : leftNs - this.#spinNs;
    this.#timer = setTimeout(this.#look, timerMs(timerNs));
    if (!this.#usesThread) return;
    this.#alarm ??= createThreadAlarm(this.#onRing);
    this.#alarm.set(hrNowNs() + leftNs - this.#spinNs);
  }

  readonly #onRing = (): void => {
    if (this.#armedNs !== Infinity) this.#look();
  };

  #disarm(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    this.#armedNs = Infinity;
  }
}

interface Wake {
  readonly atNs: number;
  readonly order: number;
  readonly wake: () => void;
  index: number;
}

function isFirst(a: Wake, b: Wake): boolean {
  return a.atNs < b.atNs || (a.atNs === b.atNs && a.order < b.order);
}

function setIndex(wake: Wake, index: number): void {
  wake.index = index;
}

/** `performance.now` is cheap and counts from the start of each thread: this is where that is on the common clock. */
function hrOriginNs(): number {
  const before = hrNowNs();
  const sinceStartNs = performance.now() * 1e6;
  return Math.round((before + hrNowNs()) / 2 - sinceStartNs);
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Rounded up: a timer that is early only has to be set again. */
function timerMs(leftNs: number): number {
  return Math.min(LONGEST_TIMER_MS, Math.max(1, Math.ceil(leftNs / 1e6)));
}

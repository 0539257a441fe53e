import { MinHeap } from '../../min-heap.ts';
import { emptyList } from '../../stable-shapes.ts';
import type { Clock } from '../ports.ts';
import type { Precision } from '../replay-options.ts';
import { hrNowNs } from './alarm-cells.ts';
import { createThreadAlarm, type ThreadAlarm } from './thread-alarm.ts';
import { WakeLead } from './wake-lead.ts';

/**
 * How long before the moment turns of the event loop, which serve sockets as they go by, take over from sleeping.
 * `eco` never turns: timers of libuv tick in milliseconds and are up to two late. `spin` hardly sleeps at all.
 * `normal` is woken by a thread that sleeps to some microseconds; the turns cover that and the way here, for as long
 * as both were seen to take.
 */
const SPIN_NS = { eco: 0, spin: 50_000_000 } as const;
/** A sleep shorter than this costs more than turning the loop as long. */
const WORTH_SLEEPING_NS = 40_000;
/**
 * The timer beside the thread is for the ring that does not come. Set for the moment itself, it would wake the loop
 * once more for nearly each: Node leaves it to the kernel after it was cleared.
 */
const TIMER_AFTER_RING_NS = 5_000_000;
/** A ring may be early by what the alarm takes for the same time, and by how exactly two clocks agree. */
const CLOCKS_APART_NS = 30_000;

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
  /** `normal` alone: the others have no thread to wake them, and a fixed time to turn. */
  readonly #lead: WakeLead | undefined;
  readonly #fixedSpinNs: number;
  readonly #wakes = new MinHeap<Wake>(isFirst, setIndex, emptyList());
  #alarm: ThreadAlarm | undefined;
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;
  /** The time that timer, turn and alarm are set for. */
  #armedNs = Infinity;
  /** When the alarm is to ring for it; Infinity: not at all, or it has. */
  #ringNs = Infinity;
  #orders = 0;
  #isWaking = false;

  constructor(precision: Precision) {
    this.#lead = precision === 'normal' ? new WakeLead() : undefined;
    this.#fixedSpinNs = precision === 'normal' ? 0 : SPIN_NS[precision];
  }

  nowNs(): number {
    return this.#originNs + Math.round(performance.now() * 1e6);
  }

  at(atNs: number, wake: () => void, isCoarse = false, thenNs = Infinity): () => void {
    if (isCoarse) return this.#coarse(atNs, wake);
    const entry: Wake = { atNs, order: this.#orders++, wake, thenNs, index: -1 };
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
    const first = this.#wakes.peek();
    if (this.#isWaking || first === undefined || first.atNs >= this.#armedNs) return;
    const { atNs } = first;
    this.#disarm();
    this.#armedNs = atNs;
    const leftNs = atNs - this.nowNs();
    const spinNs = this.#lead?.ns ?? this.#fixedSpinNs;
    if (leftNs <= (this.#lead === undefined ? spinNs : spinNs + WORTH_SLEEPING_NS)) {
      this.#turn = setImmediate(this.#spin);
    } else if (this.#lead === undefined) this.#timer = setTimeout(this.#look, timerMs(leftNs - spinNs));
    else this.#sleep(leftNs, first.thenNs - atNs);
  }

  #sleep(leftNs: number, gapNs: number): void {
    const leadNs = this.#lead?.ns ?? 0;
    this.#alarm ??= createThreadAlarm(this.#onRing);
    const timerNs = this.#alarm.isReady ? leftNs + TIMER_AFTER_RING_NS : leftNs;
    this.#timer = setTimeout(this.#look, timerMs(timerNs));
    this.#ringNs = this.#armedNs - leadNs;
    const ringNs = hrNowNs() + leftNs - leadNs;
    this.#alarm.set(ringNs, gapNs > leadNs + WORTH_SLEEPING_NS ? ringNs + gapNs : Infinity);
  }

  /** A ring may also be for a time that was given up since, and is then early. */
  readonly #onRing = (): void => {
    const lateNs = this.nowNs() - this.#ringNs;
    if (lateNs < -CLOCKS_APART_NS) return;
    this.#ringNs = Infinity;
    this.#lead?.note(lateNs);
    this.#spin();
  };

  #disarm(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    this.#armedNs = Infinity;
    this.#ringNs = Infinity;
  }
}

interface Wake {
  readonly atNs: number;
  readonly order: number;
  readonly wake: () => void;
  readonly thenNs: number;
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

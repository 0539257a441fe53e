import type { ChaosCounts } from '../results/document/chaos-section.ts';
import { CHAOS_KINDS, type ChaosKind } from '../workload/scenario/chaos-spec.ts';
import type { ChaosEvent } from './chaos-plan.ts';
import type { EventEnd } from './play-event.ts';

/** Begins one event; what is returned cuts it off. */
export type BeginEvent = (
  event: ChaosEvent,
  onEnd: (end: EventEnd, answer: string | undefined) => void,
) => () => void;

/** Wakes the player: setTimeout, or a test's own. */
export interface PlayerClock {
  nowMs(): number;
  /** What is returned takes it back. */
  after(ms: number, wake: () => void): () => void;
}

/** Timers of Node end at 24 days. */
const LONGEST_WAIT_MS = 3_600_000;
/** More kinds of answers than this are counted as one. */
const ANSWERS_COUNTED = 50;
const OTHER_ANSWERS = 'other';

/** Begins the events of a plan when they are due, as many at one time as may be, and counts what becomes of them. */
export class ChaosPlayer {
  readonly #events: Iterator<ChaosEvent>;
  readonly #begin: BeginEvent;
  readonly #most: number;
  readonly #clock: PlayerClock;
  readonly #open = new Set<() => void>();
  readonly counts = Object.fromEntries(CHAOS_KINDS.map((kind) => [kind, noCounts()])) as Record<
    ChaosKind,
    Omit<ChaosCounts, 'planned' | 'unreached'>
  >;
  #next: ChaosEvent | undefined;
  #startedMs = 0;
  #cancel = (): void => {};

  constructor(events: Iterable<ChaosEvent>, most: number, begin: BeginEvent, clock: PlayerClock) {
    this.#events = events[Symbol.iterator]();
    this.#most = most;
    this.#begin = begin;
    this.#clock = clock;
  }

  start(): void {
    this.#startedMs = this.#clock.nowMs();
    this.#take();
    this.#wait();
  }

  /** Nothing begins any more, and what is open is cut off. */
  end(): void {
    this.#cancel();
    this.#next = undefined;
    for (const cut of [...this.#open]) cut();
  }

  #take(): void {
    const { done, value } = this.#events.next();
    this.#next = done === true ? undefined : value;
  }

  #wait(): void {
    if (this.#next === undefined) return;
    const dueMs = this.#startedMs + this.#next.atNs / 1e6;
    const waitMs = Math.min(LONGEST_WAIT_MS, Math.max(0, dueMs - this.#clock.nowMs()));
    this.#cancel = this.#clock.after(waitMs, () => this.#wake());
  }

  #wake(): void {
    const passedNs = (this.#clock.nowMs() - this.#startedMs) * 1e6;
    while (this.#next !== undefined && this.#next.atNs <= passedNs) {
      this.#play(this.#next);
      this.#take();
    }
    this.#wait();
  }

  #play(event: ChaosEvent): void {
    const counts = this.counts[event.kind];
    if (this.#open.size >= this.#most) {
      counts.skipped += 1;
      return;
    }
    counts.attempted += 1;
    let hasEnded = false;
    let cut = (): void => {};
    const cutOff = (): void => cut();
    this.#open.add(cutOff);
    cut = this.#begin(event, (end, answer) => {
      if (hasEnded) return;
      hasEnded = true;
      this.#open.delete(cutOff);
      counts[end] += 1;
      if (answer !== undefined) countAnswer(counts.answers, answer);
    });
  }
}

function noCounts(): Omit<ChaosCounts, 'planned' | 'unreached'> {
  return {
    ...{ attempted: 0, skipped: 0, not_connected: 0, answered: 0 },
    ...{ closed_by_server: 0, ended_by_us: 0, cut_off: 0, answers: {} },
  };
}

function countAnswer(answers: Record<string, number>, answer: string): void {
  const isKnown = Object.hasOwn(answers, answer) || Object.keys(answers).length < ANSWERS_COUNTED;
  const name = isKnown ? answer : OTHER_ANSWERS;
  answers[name] = (answers[name] ?? 0) + 1;
}

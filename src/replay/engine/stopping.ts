import type { ReplayOptions } from '../replay-options.ts';
import type { ReplayStop } from './replay-end.ts';

/** How long what is left of a plan may be counted after an early stop. */
const COUNT_LIMIT_NS = 2e9;

/** Why and since when a replay ends, and how long it may take. All times on the engine's clock. */
export class Stopping {
  why: ReplayStop = 'end';
  readonly #options: ReplayOptions;
  #stoppedNs: number | undefined;
  #drainFromNs: number | undefined;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  /** Whether the replay stopped before the end of its plan: nothing more is sent then. */
  get isEarly(): boolean {
    return this.#stoppedNs !== undefined;
  }

  stop(why: ReplayStop, nowNs: number): void {
    this.why = why;
    this.#stoppedNs = nowNs;
  }

  /** Asked when nothing more will be sent: whether what is in flight has had the time it gets. */
  isDrainOver(nowNs: number): boolean {
    this.#drainFromNs ??= nowNs;
    const { interruptDrainNs, drainNs } = this.#options;
    const limitNs = this.isEarly ? interruptDrainNs : drainNs;
    return limitNs !== undefined && nowNs - this.#drainFromNs >= limitNs;
  }

  /** Whether what was left of the plan at an early stop had the time to be counted. */
  isCountOver(nowNs: number): boolean {
    return nowNs - (this.#stoppedNs ?? nowNs) >= COUNT_LIMIT_NS;
  }
}

import type { Clock } from '../ports.ts';

/** One wake-up that can be set again and again; `set(Infinity)` turns it off. */
export class Alarm {
  #atNs = Infinity;
  #cancel: (() => void) | undefined;
  readonly #clock: Clock;
  readonly #ring: () => void;
  readonly #isCoarse: boolean;

  constructor(clock: Clock, ring: () => void, isCoarse = false) {
    this.#clock = clock;
    this.#ring = ring;
    this.#isCoarse = isCoarse;
  }

  /** `thenNs`: when it will most likely be set for after that. */
  set(atNs: number, thenNs?: number): void {
    if (atNs === this.#atNs) return;
    this.#cancel?.();
    this.#atNs = atNs;
    this.#cancel = atNs === Infinity ? undefined : this.#clock.at(atNs, this.#onWake, this.#isCoarse, thenNs);
  }

  readonly #onWake = (): void => {
    this.#atNs = Infinity;
    this.#cancel = undefined;
    this.#ring();
  };
}

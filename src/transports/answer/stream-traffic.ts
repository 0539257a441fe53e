import type { Clock, StreamTimes } from '../../replay/ports.ts';

/** Messages of one answer whose times are kept (512 KB); a server may send without end. */
export const MAX_TIMED_MESSAGES = 65_536;

/** Notes when the messages of one stream go and come. */
export class StreamTraffic {
  readonly #clock: Clock;
  readonly #timeScale: number;
  readonly #sentNs: number[] = [];
  readonly #receivedNs: number[] = [];
  #received = 0;

  constructor(clock: Clock, timeScale: number) {
    this.#clock = clock;
    this.#timeScale = timeScale;
  }

  /** Notes that so many messages have left by now. */
  sentUpTo(count: number): void {
    if (count <= this.#sentNs.length) return;
    const nowNs = this.#clock.nowNs();
    while (this.#sentNs.length < count) this.#sentNs.push(nowNs);
  }

  sentOne(): void {
    this.#sentNs.push(this.#clock.nowNs());
  }

  /** Notes that so many messages have come whole by now. */
  receivedUpTo(count: number): void {
    if (count <= this.#received) return;
    const nowNs = this.#clock.nowNs();
    const timed = Math.min(count, MAX_TIMED_MESSAGES);
    while (this.#receivedNs.length < timed) this.#receivedNs.push(nowNs);
    this.#received = count;
  }

  receivedOne(): void {
    this.receivedUpTo(this.#received + 1);
  }

  /** The times that were noted so far. */
  times(): StreamTimes {
    return {
      timeScale: this.#timeScale,
      sentNs: Float64Array.from(this.#sentNs),
      receivedNs: Float64Array.from(this.#receivedNs),
      untimed: this.#received - this.#receivedNs.length,
    };
  }
}

import { GoneError, type WatchSource } from './reading.ts';
import { Series, type SeriesData } from './series.ts';

/** The time that a watcher lives by: the machine's, or a test's own. */
export interface WatchClock {
  /** Monotonic, in ns. */
  nowNs(): number;
  /** What is returned takes it back. */
  after(ms: number, wake: () => void): () => void;
}

/** What one source gave. Plain data. */
export interface Watched {
  readonly series: readonly SeriesData[];
  readonly readings: number;
  /** Times that it should have been read and was not, or gave nothing. */
  readonly missed: number;
  /** Why the last of those was missed. */
  readonly lastError: string | undefined;
  /** When it was found to be gone for good; undefined: it is still there. */
  readonly goneAtNs: number | undefined;
}

/** Why a first reading failed. Plain data. */
export interface WatchFailure {
  readonly why: string;
  /** There is nothing to read, and never will be. */
  readonly isGone: boolean;
}

/** Readings are worth waiting for so long at the end. */
const LAST_MS = 1000;

/** Reads one source each second, whatever the others do. A reading that takes longer is the only one meanwhile. */
export class Watcher {
  readonly #source: WatchSource;
  readonly #clock: WatchClock;
  readonly #intervalMs: number;
  readonly #series = new Map<string, Series>();
  #readings = 0;
  #missed = 0;
  #lastError: string | undefined;
  #hasRead = false;
  #goneAtNs: number | undefined;
  #reading: Promise<void> | undefined;
  #cancel = (): void => {};
  #dueNs = 0;
  #hasEnded = false;

  constructor(source: WatchSource, clock: WatchClock, intervalMs = 1000) {
    this.#source = source;
    this.#clock = clock;
    this.#intervalMs = intervalMs;
  }

  /** Reads once; then each second. Resolves with why the first reading failed; undefined where it did not. */
  async begin(): Promise<WatchFailure | undefined> {
    this.#dueNs = this.#clock.nowNs();
    this.#wait();
    await this.#read();
    const why = this.#lastError;
    return why === undefined ? undefined : { why, isGone: this.#goneAtNs !== undefined };
  }

  /** Reads for the last time. */
  async end(): Promise<void> {
    this.#cancel();
    const last = this.#reading ?? this.#read();
    let cancel = (): void => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.#clock.after(LAST_MS, resolve);
    });
    await Promise.race([last, late]);
    cancel();
    this.#hasEnded = true;
  }

  result(): Watched {
    return {
      series: [...this.#series.values()].map((series) => series.data()),
      readings: this.#readings,
      missed: this.#missed,
      lastError: this.#lastError,
      goneAtNs: this.#goneAtNs,
    };
  }

  #wait(): void {
    const stepNs = this.#intervalMs * 1e6;
    const nowNs = this.#clock.nowNs();
    // After a stall the next second counts, not all those that went by; they were missed.
    const steps = Math.max(1, Math.ceil((nowNs - this.#dueNs) / stepNs));
    this.#missed += steps - 1;
    this.#dueNs += steps * stepNs;
    this.#cancel = this.#clock.after((this.#dueNs - nowNs) / 1e6, () => {
      if (this.#goneAtNs !== undefined) return;
      if (this.#reading === undefined) void this.#read();
      else this.#missed += 1;
      this.#wait();
    });
  }

  #read(): Promise<void> {
    if (this.#goneAtNs !== undefined) return Promise.resolve();
    const atNs = this.#clock.nowNs();
    this.#reading = this.#source.read(atNs).then(
      (readings) => {
        this.#reading = undefined;
        if (this.#hasEnded) return;
        const isFirst = !this.#hasRead;
        this.#hasRead = true;
        // What only has counters has its first rates in its second reading.
        if (readings.length === 0) return isFirst ? undefined : this.#miss('it gave nothing');
        this.#readings += 1;
        for (const { metric, unit, value } of readings) {
          const series = this.#series.get(metric) ?? new Series(metric, unit);
          this.#series.set(metric, series);
          series.add(atNs, value);
        }
      },
      (error: Error) => {
        this.#reading = undefined;
        if (this.#hasEnded) return;
        this.#hasRead = true;
        this.#miss(error.message);
        if (error instanceof GoneError) this.#goneAtNs = atNs;
      },
    );
    return this.#reading;
  }

  #miss(why: string): void {
    this.#missed += 1;
    this.#lastError = why;
  }
}

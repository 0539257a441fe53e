import { type FrozenHistogram, Histogram } from './histogram.ts';

/** Two digits: a window is a small sample, and there may be thousands of them. */
const WINDOW_HISTOGRAM = { digits: 2 };
const NS_PER_SECOND = 1_000_000_000;

/** What happened to the operations due in one window of time. */
export interface WindowCounts {
  /** From the start of the plan. */
  startS: number;
  widthS: number;
  ops: number;
  errors: number;
  /** Most operations in flight at a send or an end. */
  inFlight: number;
  response: Histogram;
  sendError: Histogram;
}

interface Window {
  ops: number;
  errors: number;
  inFlight: number;
  response: Histogram | FrozenHistogram | undefined;
  sendError: Histogram | FrozenHistogram | undefined;
}

/**
 * Windows of one second, keyed by due time. Memory is bounded however long the run: past `maxWindows` seconds
 * neighbours are merged and every window covers twice the time. Only windows in use hold live histograms; the
 * others are frozen and thawed when an operation of theirs ends late.
 */
export class Windows {
  readonly #maxWindows: number;
  readonly #maxLive: number;
  #windows = new Map<number, Window>();
  /** Windows with live histograms, the least recently used first. */
  readonly #live = new Set<Window>();
  #newest: Window | undefined;
  #widthS = 1;

  constructor(maxWindows = 3600, maxLive = 64) {
    this.#maxWindows = maxWindows;
    this.#maxLive = maxLive;
  }

  onSent(dueOffsetNs: number, sendErrorNs: number, inFlight: number): void {
    const window = this.#windowAt(dueOffsetNs);
    window.inFlight = Math.max(window.inFlight, inFlight);
    live(window, 'sendError').record(sendErrorNs);
  }

  /** `responseNs` is undefined for an operation without an answer. */
  onDone(dueOffsetNs: number, responseNs: number | undefined, failed: boolean): void {
    const window = this.#windowAt(dueOffsetNs);
    window.ops++;
    if (failed) window.errors++;
    if (responseNs !== undefined) live(window, 'response').record(responseNs);
  }

  /** In order of time; seconds in which nothing was due are left out. */
  list(): WindowCounts[] {
    const keys = [...this.#windows.keys()].sort((a, b) => a - b);
    return keys.map((key) => {
      const window = this.#windows.get(key) as Window;
      const response = new Histogram(WINDOW_HISTOGRAM);
      const sendError = new Histogram(WINDOW_HISTOGRAM);
      addInto(response, window.response);
      addInto(sendError, window.sendError);
      const { ops, errors, inFlight } = window;
      return { startS: key * this.#widthS, widthS: this.#widthS, ops, errors, inFlight, response, sendError };
    });
  }

  #windowAt(dueOffsetNs: number): Window {
    let key = this.#keyOf(dueOffsetNs);
    while (key >= this.#maxWindows) {
      this.#halve();
      key = this.#keyOf(dueOffsetNs);
    }
    let window = this.#windows.get(key);
    if (window === undefined) {
      window = { ops: 0, errors: 0, inFlight: 0, response: undefined, sendError: undefined };
      this.#windows.set(key, window);
    }
    if (window !== this.#newest) this.#use(window);
    return window;
  }

  #keyOf(dueOffsetNs: number): number {
    return Math.max(0, Math.floor(dueOffsetNs / (this.#widthS * NS_PER_SECOND)));
  }

  #use(window: Window): void {
    this.#newest = window;
    this.#live.delete(window);
    this.#live.add(window);
    if (this.#live.size <= this.#maxLive) return;
    for (const oldest of this.#live) {
      freeze(oldest);
      this.#live.delete(oldest);
      return;
    }
  }

  #halve(): void {
    const merged = new Map<number, Window>();
    for (const [key, window] of this.#windows) {
      const half = Math.floor(key / 2);
      const other = merged.get(half);
      if (other === undefined) merged.set(half, window);
      else mergeInto(other, window);
    }
    for (const window of merged.values()) freeze(window);
    this.#windows = merged;
    this.#live.clear();
    this.#newest = undefined;
    this.#widthS *= 2;
  }
}

function live(window: Window, name: 'response' | 'sendError'): Histogram {
  const held = window[name];
  if (held instanceof Histogram) return held;
  const histogram = new Histogram(WINDOW_HISTOGRAM);
  addInto(histogram, held);
  window[name] = histogram;
  return histogram;
}

function addInto(sum: Histogram, part: Histogram | FrozenHistogram | undefined): void {
  if (part instanceof Histogram) sum.add(part);
  else if (part !== undefined) sum.addFrozen(part);
}

function freeze(window: Window): void {
  if (window.response instanceof Histogram) window.response = window.response.freeze();
  if (window.sendError instanceof Histogram) window.sendError = window.sendError.freeze();
}

function mergeInto(sum: Window, part: Window): void {
  sum.ops += part.ops;
  sum.errors += part.errors;
  sum.inFlight = Math.max(sum.inFlight, part.inFlight);
  if (part.response !== undefined) addInto(live(sum, 'response'), part.response);
  if (part.sendError !== undefined) addInto(live(sum, 'sendError'), part.sendError);
}

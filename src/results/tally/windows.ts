import { emptyList } from '../../stable-shapes.ts';
import { type FrozenHistogram, Histogram } from '../histogram/histogram.ts';

/** Two digits: a window is a small sample, and there may be thousands of them. */
const WINDOW_HISTOGRAM = { digits: 2 };
const NS_PER_SECOND = 1_000_000_000;

/** What happened to the operations due in one window of time. */
export interface WindowCounts {
  /** When the window starts, in seconds after the start of the plan. */
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
  /** Most in flight of the operations that these windows were told of one by one. */
  inFlight: number;
  /** The same of each shard whose parts were added. */
  inFlightOf: number[] | undefined;
  response: Histogram | FrozenHistogram | undefined;
  sendError: Histogram | FrozenHistogram | undefined;
}

/** What happened since windows were drained last, in windows of `widthS`. */
export interface WindowsPart {
  widthS: number;
  windows: WindowPart[];
}

interface WindowPart {
  /** Its place among windows of this width, from 0. */
  key: number;
  ops: number;
  errors: number;
  inFlight: number;
  response: FrozenHistogram | undefined;
  sendError: FrozenHistogram | undefined;
}

/**
 * Windows of one second (or wider), keyed by due time. Memory is bounded however long the run: past `maxWindows` of them
 * neighbours are merged, until half as many are left at most. Only windows in use hold live histograms; the
 * others are frozen and thawed when an operation of theirs ends late.
 */
export class Windows {
  readonly #maxWindows: number;
  readonly #firstWidthS: number;
  readonly #maxLive: number;
  #windows = new Map<number, Window>();
  /** Windows with live histograms, the least recently used first. */
  readonly #live = new Set<Window>();
  /** Histograms of drained windows, empty. */
  readonly #spare = emptyList<Histogram>();
  #newest: Window | undefined;
  #newestKey = -1;
  #widthS: number;

  /** `widthS` is the width that windows have until there are too many of them. */
  constructor(maxWindows = 3600, maxLive = 64, widthS = 1) {
    this.#maxWindows = maxWindows;
    this.#maxLive = maxLive;
    this.#firstWidthS = widthS;
    this.#widthS = widthS;
  }

  onSent(dueOffsetNs: number, sendErrorNs: number, inFlight: number): void {
    const window = this.#windowAt(dueOffsetNs);
    window.inFlight = Math.max(window.inFlight, inFlight);
    this.#liveIn(window, 'sendError').record(sendErrorNs);
  }

  /** `responseNs` is undefined for an operation without an answer. */
  onDone(dueOffsetNs: number, responseNs: number | undefined, failed: boolean): void {
    const window = this.#windowAt(dueOffsetNs);
    window.ops++;
    if (failed) window.errors++;
    if (responseNs !== undefined) this.#liveIn(window, 'response').record(responseNs);
  }

  /** Lists the windows in the order of time, without those in which nothing was due. */
  list(): WindowCounts[] {
    const keys = [...this.#windows.keys()].sort((a, b) => a - b);
    return keys.map((key) => {
      const window = this.#windows.get(key) as Window;
      const response = new Histogram(WINDOW_HISTOGRAM);
      const sendError = new Histogram(WINDOW_HISTOGRAM);
      addInto(response, window.response);
      addInto(sendError, window.sendError);
      const { ops, errors } = window;
      const inFlight = inFlightIn(window);
      return { startS: key * this.#widthS, widthS: this.#widthS, ops, errors, inFlight, response, sendError };
    });
  }

  /** Takes out what happened since the last drain; undefined where nothing did. No window is left. */
  drain(): WindowsPart | undefined {
    if (this.#windows.size === 0) return undefined;
    const windows = [...this.#windows].map(([key, window]): WindowPart => {
      const { ops, errors, inFlight, response, sendError } = window;
      return {
        key,
        ops,
        errors,
        inFlight,
        response: this.#taken(response),
        sendError: this.#taken(sendError),
      };
    });
    this.#windows = new Map();
    this.#live.clear();
    this.#newest = undefined;
    return { widthS: this.#widthS, windows };
  }

  /**
   * Takes the values out of a window's histogram, and keeps that for the next one: it is as good as new, and making one
   * is dear.
   */
  #taken(held: Window['response']): FrozenHistogram | undefined {
    if (!(held instanceof Histogram)) return held;
    if (this.#spare.length < 2 * this.#maxLive) this.#spare.push(held);
    return held.drain();
  }

  /** Adds what the windows of a shard drained, which count from the same start. */
  addPart({ widthS, windows }: WindowsPart, shard: number): void {
    while (this.#widthS < widthS) this.#halve();
    for (const part of windows) {
      const window = this.#windowAt(part.key * widthS * NS_PER_SECOND);
      window.ops += part.ops;
      window.errors += part.errors;
      window.inFlightOf ??= [];
      window.inFlightOf[shard] = Math.max(window.inFlightOf[shard] ?? 0, part.inFlight);
      if (part.response !== undefined) this.#liveIn(window, 'response').addFrozen(part.response);
      if (part.sendError !== undefined) this.#liveIn(window, 'sendError').addFrozen(part.sendError);
    }
  }

  /** Of wider windows half as many are kept: what is in each takes more room in a document, however long the run. */
  get #mostNow(): number {
    return this.#widthS === this.#firstWidthS ? this.#maxWindows : this.#maxWindows / 2;
  }

  #windowAt(dueOffsetNs: number): Window {
    let key = this.#keyOf(dueOffsetNs);
    if (key === this.#newestKey && this.#newest !== undefined) return this.#newest;
    while (key >= this.#mostNow) {
      this.#halve();
      key = this.#keyOf(dueOffsetNs);
    }
    let window = this.#windows.get(key);
    if (window === undefined) {
      window = emptyWindow();
      this.#windows.set(key, window);
    }
    if (window !== this.#newest) this.#use(window);
    this.#newestKey = key;
    return window;
  }

  #liveIn(window: Window, name: 'response' | 'sendError'): Histogram {
    const held = window[name];
    if (held instanceof Histogram) return held;
    const histogram = this.#spare.pop() ?? new Histogram(WINDOW_HISTOGRAM);
    addInto(histogram, held);
    window[name] = histogram;
    return histogram;
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
      else this.#mergeInto(other, window);
    }
    for (const window of merged.values()) freeze(window);
    this.#windows = merged;
    this.#live.clear();
    this.#newest = undefined;
    this.#widthS *= 2;
  }

  #mergeInto(sum: Window, part: Window): void {
    sum.ops += part.ops;
    sum.errors += part.errors;
    sum.inFlight = Math.max(sum.inFlight, part.inFlight);
    part.inFlightOf?.forEach((most, shard) => {
      sum.inFlightOf ??= [];
      sum.inFlightOf[shard] = Math.max(sum.inFlightOf[shard] ?? 0, most);
    });
    if (part.response !== undefined) addInto(this.#liveIn(sum, 'response'), part.response);
    if (part.sendError !== undefined) addInto(this.#liveIn(sum, 'sendError'), part.sendError);
  }
}

function emptyWindow(): Window {
  return { ops: 0, errors: 0, inFlight: 0, inFlightOf: undefined, response: undefined, sendError: undefined };
}

/** Adds up the most of every shard, though these were perhaps not at the same moment. */
function inFlightIn({ inFlight, inFlightOf = [] }: Window): number {
  return inFlightOf.reduce((sum, each) => sum + each, inFlight);
}

function addInto(sum: Histogram, part: Histogram | FrozenHistogram | undefined): void {
  if (part instanceof Histogram) sum.add(part);
  else if (part !== undefined) sum.addFrozen(part);
}

function freeze(window: Window): void {
  if (window.response instanceof Histogram) window.response = window.response.freeze();
  if (window.sendError instanceof Histogram) window.sendError = window.sendError.freeze();
}

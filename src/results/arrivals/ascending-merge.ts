const NOTHING = new Float64Array(0);

/** The times of one stream that have not been passed on. */
interface Stream {
  values: Float64Array;
  at: number;
  /** Nothing lower than this is still to come. */
  upTo: number;
}

/**
 * Merges streams of ascending numbers, which come in pieces, into one. A number is passed on once no stream can bring a
 * lower one. Past `maxHeld` numbers it does not wait for a stream that is silent; what that brings too late for its
 * place is left out and counted.
 */
export class AscendingMerge {
  readonly #streams: Stream[];
  readonly #onValue: (value: number) => void;
  readonly #maxHeld: number;
  #held = 0;
  #last = -Infinity;
  #misplaced = 0;

  constructor(streams: number, onValue: (value: number) => void, maxHeld = 1 << 20) {
    this.#streams = Array.from({ length: streams }, () => ({ values: NOTHING, at: 0, upTo: -Infinity }));
    this.#onValue = onValue;
    this.#maxHeld = maxHeld;
  }

  /** Numbers that came too late for their place. */
  get misplaced(): number {
    return this.#misplaced;
  }

  /** Takes more of a stream; nothing lower than `upTo` comes after it. */
  add(stream: number, values: Float64Array, upTo: number): void {
    const into = this.#streams[stream] as Stream;
    into.values = joined(into, values);
    into.at = 0;
    into.upTo = Math.max(into.upTo, upTo);
    this.#held += values.length;
    while (this.#passRun());
  }

  /** Ends a stream: nothing more of it comes. */
  end(stream: number): void {
    this.add(stream, NOTHING, Infinity);
  }

  /** Passes on the lowest numbers, as far as those of one stream go. False where everybody has to wait. */
  #passRun(): boolean {
    let lowest: Stream | undefined;
    let head = Infinity;
    let limit = Infinity;
    for (const stream of this.#streams) {
      const next = stream.values[stream.at] ?? stream.upTo;
      if (stream.at < stream.values.length && (lowest === undefined || next < head)) {
        if (lowest !== undefined) limit = Math.min(limit, head);
        lowest = stream;
        head = next;
      } else {
        limit = Math.min(limit, next);
      }
    }
    if (lowest === undefined) return false;
    const isForced = head > limit;
    if (isForced && this.#held <= this.#maxHeld) return false;
    this.#pass(lowest, isForced ? head : limit);
    return true;
  }

  #pass(stream: Stream, limit: number): void {
    for (let value = stream.values[stream.at]; value !== undefined && value <= limit; ) {
      if (value < this.#last) {
        this.#misplaced++;
      } else {
        this.#last = value;
        this.#onValue(value);
      }
      this.#held--;
      value = stream.values[++stream.at];
    }
  }
}

function joined({ values, at }: Stream, more: Float64Array): Float64Array {
  if (at === values.length) return more;
  if (more.length === 0) return at === 0 ? values : values.subarray(at);
  const all = new Float64Array(values.length - at + more.length);
  all.set(values.subarray(at));
  all.set(more, values.length - at);
  return all;
}

import type { AnswerMatch } from '../../replay/ports.ts';
import type { Outcome } from '../../trace/record/record.ts';
import { AnswerComparison } from '../answer/answer-comparison.ts';

const PREFIX_BYTES = 5;

/** What bytes of an answer brought: the first message, more, or something strange. */
export type Pushed = 'first' | 'more' | 'strange';

/**
 * Follows the length-prefixed messages in an answer's DATA and counts their bytes; keeps none of them. (Small and
 * without callbacks: it is made for every call.)
 */
export class AnswerMessages {
  responseBytes = 0;
  isCompressed = false;
  /** Messages that have come whole. */
  count = 0;
  #prefixed = 0;
  #size = 0;
  #left = 0;
  /** Undefined where the recorded answer is not known. */
  #comparison: AnswerComparison | undefined;

  /** Whether the bytes so far end with a whole message. */
  get isWhole(): boolean {
    return this.#prefixed === 0;
  }

  /** Compares what will come with the recorded answer. */
  compareWith(recorded: Outcome): void {
    this.#comparison = new AnswerComparison();
    this.#comparison.begin(recorded);
  }

  /** Whether the messages, now that the call ended with this status, are those recorded; undefined where that is not known. */
  match(status: number | undefined): AnswerMatch | undefined {
    return this.#comparison?.end(status, this.isCompressed);
  }

  /** `first`: the first message has come whole. `strange`: a flag that does not exist. */
  push(bytes: Uint8Array, from: number, to: number): Pushed {
    const before = this.count;
    for (let at = from; at < to; ) {
      if (this.#prefixed < PREFIX_BYTES) {
        const byte = bytes[at++] as number;
        if (this.#prefixed === 0) {
          if (byte > 1) return 'strange';
          if (byte === 1) this.isCompressed = true;
          this.#size = 0;
        } else this.#size = this.#size * 256 + byte;
        this.#prefixed += 1;
        this.#left = this.#size;
      } else {
        const part = Math.min(this.#left, to - at);
        this.#comparison?.add(bytes, at, at + part);
        at += part;
        this.#left -= part;
      }
      if (this.#prefixed === PREFIX_BYTES && this.#left === 0) {
        this.#prefixed = 0;
        this.count += 1;
        this.responseBytes += this.#size;
      }
    }
    return before === 0 && this.count > 0 ? 'first' : 'more';
  }
}

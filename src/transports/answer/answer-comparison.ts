import type { AnswerMatch } from '../../replay/ports.ts';
import { crc32 } from '../../trace/bytes/crc32.ts';
import type { Outcome, TraceRecord } from '../../trace/record/record.ts';

/**
 * Gives the recorded answer where one can be compared with it: it came whole, and its status and checksum are known.
 */
export function comparableAnswer({ outcome }: TraceRecord): Outcome | undefined {
  const isKnown = outcome.responseCrc32 !== undefined && outcome.status !== undefined;
  return isKnown && outcome.error === '' ? outcome : undefined;
}

/**
 * Tells whether one answer is the recorded one: of the same status, and with the same bytes by their number and CRC-32.
 * The bytes are those of the wire without framing (chunks, prefixes of messages), as capture sums them up; they are
 * looked at where they lie. It costs nothing where there is nothing to compare with.
 */
export class AnswerComparison {
  #recorded: Outcome | undefined;
  #crc32 = 0;
  #bytes = 0;

  /** Begins with the next answer; undefined where nothing is known of the recorded one. */
  begin(recorded: Outcome | undefined): void {
    this.#recorded = recorded;
    this.#crc32 = 0;
    this.#bytes = 0;
  }

  /** Takes the length that the head of the answer tells. An answer of another length need not be summed up. */
  announce(lengthBytes: number): void {
    if (this.#recorded !== undefined && lengthBytes !== this.#recorded.responseBytes) this.#bytes = Infinity;
  }

  /** Takes bytes of the answer. */
  add(bytes: Uint8Array, from: number, to: number): void {
    if (this.#recorded === undefined || from === to) return;
    this.#bytes += to - from;
    if (this.#bytes > this.#recorded.responseBytes) return;
    const view = new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from);
    this.#crc32 = crc32(view, this.#crc32);
  }

  /**
   * Ends the answer, which is whole, and compares; undefined where nobody can tell whether it is the recorded one.
   * Where it `isCoded`, equal contents need not be compressed to equal bytes.
   */
  end(status: number | undefined, isCoded: boolean): AnswerMatch | undefined {
    const recorded = this.#recorded;
    if (recorded === undefined) return undefined;
    if (status !== recorded.status) return 'other';
    if (this.#bytes === recorded.responseBytes && this.#crc32 === recorded.responseCrc32) return 'same';
    return isCoded ? undefined : 'other';
  }
}

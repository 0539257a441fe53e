/** Longer heads are not remembered. */
const MOST_BYTES = 1024;
/** After so many heads that were new, only now and then one is remembered. */
const FEW = 4;
const NOW_AND_THEN = 64;

/**
 * The head of the last answer. Many servers say the same again and again, but for the second in their Date, and comparing
 * takes a third of the time of reading. Where the length of the answers is in it, and each has another, it costs nothing.
 */
export class KnownHead {
  /** 0: none is known. */
  length = 0;
  readonly #bytes = Buffer.alloc(MOST_BYTES);
  /** Heads since the last one that was known. */
  #news = 0;

  forget(): void {
    this.length = 0;
  }

  /** Takes a head with the empty line that ends it. */
  remember(bytes: Buffer, from: number, to: number): void {
    this.#news += 1;
    if (to - from > MOST_BYTES || (this.#news > FEW && this.#news % NOW_AND_THEN > 0)) return;
    bytes.copy(this.#bytes, 0, from, to);
    this.length = to - from;
  }

  /** Whether the same head stands there, as a whole. */
  isAt(bytes: Uint8Array, at: number, end: number): boolean {
    const { length } = this;
    if (length === 0 || length > end - at) return false;
    const own = this.#bytes;
    for (let i = 0; i < length; i += 1) if (bytes[at + i] !== own[i]) return false;
    this.#news = 0;
    return true;
  }
}

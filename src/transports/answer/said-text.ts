/** So many characters of it are shown. */
const MAX_CHARACTERS = 300;
/** So many bytes may those characters take as UTF-8. */
const MAX_BYTES = 1_200;

/** The beginning of what a server says with an error: kept in one buffer, read only when somebody asks. */
export class SaidText {
  #bytes: Buffer | undefined;
  #length = 0;

  /** Forgets the last answer. */
  clear(): void {
    this.#length = 0;
  }

  /** Takes what has still room of `bytes` from `from` to `to`. */
  add(bytes: Uint8Array, from: number, to: number): void {
    if (this.#length === MAX_BYTES) return;
    this.#bytes ??= Buffer.allocUnsafeSlow(MAX_BYTES);
    const end = Math.min(to, from + MAX_BYTES - this.#length);
    this.#bytes.set(bytes.subarray(from, end), this.#length);
    this.#length += end - from;
  }

  /** At most 300 characters; '' where it is no text (compressed, binary). */
  get text(): string {
    if (this.#length === 0 || this.#bytes === undefined) return '';
    const whole = this.#bytes.toString('utf8', 0, this.#length);
    // A character may be cut in two at the end.
    const text = this.#length === MAX_BYTES ? whole.replace(/\ufffd+$/, '') : whole;
    if (/[\ufffd\0]/.test(text)) return '';
    return text.slice(0, MAX_CHARACTERS);
  }
}

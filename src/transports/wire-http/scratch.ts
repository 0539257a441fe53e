/** Requests of fewer bytes than this use a view again. */
const VIEWS = 2048;

/** Memory where requests are put together, one after the other: what takes a view is done with it before the next. */
export class Scratch {
  readonly #sizeBytes: number;
  #bytes: Buffer;
  /** Its first so many bytes, by their number: making a view costs as much as writing a small request into it. */
  readonly #views: (Buffer | undefined)[] = Array.from({ length: VIEWS }, () => undefined);

  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
    this.#bytes = Buffer.allocUnsafeSlow(sizeBytes);
  }

  /** Its first bytes, or memory of their own where they are too many. */
  take(sizeBytes: number): Buffer {
    if (sizeBytes > this.#sizeBytes) return Buffer.allocUnsafe(sizeBytes);
    if (sizeBytes >= VIEWS) return this.#bytes.subarray(0, sizeBytes);
    const known = this.#views[sizeBytes];
    if (known !== undefined) return known;
    const view = this.#bytes.subarray(0, sizeBytes);
    this.#views[sizeBytes] = view;
    return view;
  }

  /** Goes on in other memory where these bytes are its own, and still needed by somebody. */
  leaveTo({ buffer }: Uint8Array): void {
    if (buffer !== this.#bytes.buffer) return;
    this.#bytes = Buffer.allocUnsafeSlow(this.#sizeBytes);
    this.#views.fill(undefined); // each would keep all of the old memory
  }
}

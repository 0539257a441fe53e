/** Pieces from this size on are worth a view of their own. */
const LARGE_BYTES = 1024;
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Hands on the pieces of a chunk in their order, the small ones together: what each view costs, here and in whoever
 * takes it, is hundreds of times its byte. `flush` before the chunk is done with.
 */
export class PieceJoiner {
  readonly #emit: (view: Buffer) => void;
  /** The one small piece that waits, while there is no second one. */
  #chunk = NOTHING;
  #from = 0;
  #to = 0;
  #joined = NOTHING;
  #joinedBytes = 0;

  constructor(emit: (view: Buffer) => void) {
    this.#emit = emit;
  }

  add(chunk: Buffer, from: number, to: number): void {
    if (to - from >= LARGE_BYTES) {
      this.flush();
      this.#emit(chunk.subarray(from, to));
    } else if (to > from) this.#addSmall(chunk, from, to);
  }

  flush(): void {
    const chunk = this.#chunk;
    if (chunk === NOTHING) return;
    const joined = this.#joined;
    const view =
      joined === NOTHING ? chunk.subarray(this.#from, this.#to) : joined.subarray(0, this.#joinedBytes);
    this.#chunk = NOTHING;
    this.#joined = NOTHING;
    this.#joinedBytes = 0;
    this.#emit(view);
  }

  #addSmall(chunk: Buffer, from: number, to: number): void {
    if (this.#chunk === NOTHING) {
      this.#chunk = chunk;
      this.#from = from;
      this.#to = to;
      return;
    }
    if (this.#joined === NOTHING) this.#open();
    this.#joinedBytes += chunk.copy(this.#joined, this.#joinedBytes, from, to);
  }

  /** All that can still come of this chunk has room: it is memory of its own, for whoever takes it may keep it. */
  #open(): void {
    this.#joined = Buffer.allocUnsafeSlow(this.#chunk.length - this.#from);
    this.#joinedBytes = this.#chunk.copy(this.#joined, 0, this.#from, this.#to);
  }
}

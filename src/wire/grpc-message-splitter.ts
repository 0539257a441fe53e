/** Hears of messages, in order; data comes as views of what was pushed. */
export interface GrpcMessageHandler {
  onMessageStart(sizeBytes: number, compressed: boolean): void;
  onMessageData(view: Buffer): void;
  onMessageEnd(): void;
  /** Takes bytes that come where a message should begin and are none, and all behind them. */
  onUnframed(view: Buffer): void;
}

const PREFIX_BYTES = 5;

/** Splits the DATA of one direction of a gRPC call into length-prefixed messages (flag, four bytes of size, data). */
export class GrpcMessageSplitter {
  readonly #handler: GrpcMessageHandler;
  #flag = 0;
  #prefixed = 0;
  #left = 0;
  #isFramed = true;

  constructor(handler: GrpcMessageHandler) {
    this.#handler = handler;
  }

  /** Bytes the message now open still lacks; 0 between messages. (Inside a prefix: what the prefix lacks.) */
  get missingBytes(): number {
    if (this.#prefixed === 0) return 0;
    return this.#prefixed < PREFIX_BYTES ? PREFIX_BYTES - this.#prefixed : this.#left;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && this.#isFramed)
      at = this.#prefixed < PREFIX_BYTES ? this.#readPrefix(chunk, at) : this.#readData(chunk, at);
    if (at < chunk.length) this.#handler.onUnframed(at === 0 ? chunk : chunk.subarray(at));
  }

  #readPrefix(chunk: Buffer, from: number): number {
    // The flag of compression is the only byte that can be wrong.
    if (this.#prefixed === 0 && (chunk[from] as number) > 1) {
      this.#isFramed = false;
      return from;
    }
    let at = from;
    while (at < chunk.length && this.#prefixed < PREFIX_BYTES) {
      const byte = chunk[at++] as number;
      if (this.#prefixed++ === 0) this.#flag = byte;
      else this.#left = this.#left * 256 + byte;
    }
    if (this.#prefixed < PREFIX_BYTES) return at;
    this.#handler.onMessageStart(this.#left, this.#flag === 1);
    if (this.#left === 0) this.#end();
    return at;
  }

  #readData(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#left);
    this.#left -= end - at;
    this.#handler.onMessageData(chunk.subarray(at, end));
    if (this.#left === 0) this.#end();
    return end;
  }

  #end(): void {
    this.#prefixed = 0;
    this.#handler.onMessageEnd();
  }
}

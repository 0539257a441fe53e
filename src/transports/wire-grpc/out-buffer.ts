import { FLAG, FRAME, FRAME_HEADER_BYTES, writeFrameHeader, writeUint32 } from '../../wire/http2/frames.ts';

const FIRST_BYTES = 64 * 1024;

/** Frames on their way to one socket, collected so that a turn of the event loop makes one write. */
export class OutBuffer {
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #spare: Buffer | undefined;
  #used = 0;

  get sizeBytes(): number {
    return this.#used;
  }

  /** Adds prepared frames, whose stream is not numbered yet. */
  head(frames: Uint8Array, streamId: number): void {
    this.#reserve(frames.length);
    const bytes = this.#bytes;
    const from = this.#used;
    bytes.set(frames, from);
    for (let at = 0; at < frames.length; ) {
      writeUint32(bytes, from + at + 5, streamId);
      const size =
        ((frames[at] as number) << 16) | ((frames[at + 1] as number) << 8) | (frames[at + 2] as number);
      at += FRAME_HEADER_BYTES + size;
    }
    this.#used = from + frames.length;
  }

  /** Adds a whole message as one DATA frame that ends the stream. */
  lastMessage(message: Uint8Array, isCompressed: boolean, streamId: number): void {
    const size = 5 + message.length;
    this.#reserve(FRAME_HEADER_BYTES + size);
    const bytes = this.#bytes;
    const at = this.#used;
    writeFrameHeader(bytes, at, size, FRAME.data, FLAG.endStream, streamId);
    bytes[at + 9] = isCompressed ? 1 : 0;
    writeUint32(bytes, at + 10, message.length);
    bytes.set(message, at + 14);
    this.#used = at + FRAME_HEADER_BYTES + size;
  }

  /** Adds a frame header, and room for its payload, which `fill` writes from the given offset on. */
  frame(
    type: number,
    flags: number,
    streamId: number,
    size: number,
    fill?: (to: Buffer, at: number) => void,
  ): void {
    this.#reserve(FRAME_HEADER_BYTES + size);
    writeFrameHeader(this.#bytes, this.#used, size, type, flags, streamId);
    fill?.(this.#bytes, this.#used + FRAME_HEADER_BYTES);
    this.#used += FRAME_HEADER_BYTES + size;
  }

  /** Adds a frame of one number: RST_STREAM, WINDOW_UPDATE. */
  number(type: number, streamId: number, value: number): void {
    this.#reserve(FRAME_HEADER_BYTES + 4);
    writeFrameHeader(this.#bytes, this.#used, 4, type, 0, streamId);
    writeUint32(this.#bytes, this.#used + FRAME_HEADER_BYTES, value);
    this.#used += FRAME_HEADER_BYTES + 4;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  /** Gives all that was collected; it stays untouched until `release` or `keep`. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#used);
    this.#used = 0;
    return taken;
  }

  /** Goes on in other memory, because what was taken is not written yet. */
  keep(): void {
    const taken = this.#bytes;
    this.#bytes = this.#spare ?? Buffer.allocUnsafeSlow(FIRST_BYTES);
    this.#spare = taken;
  }

  #reserve(bytes: number): void {
    const want = this.#used + bytes;
    if (want <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(want, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#used);
    this.#bytes = larger;
  }
}

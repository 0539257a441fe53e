import { writeUint32 } from '../../wire/http2/frames.ts';

/** Holds what a call has still to send: framed messages, and the end of them. */
export class Outgoing {
  isHalfClosed = false;
  /** END_STREAM is on its way. */
  isEnded = false;
  /** Messages of which a byte was taken. */
  begunMessages = 0;
  #messages: Buffer[] = [];
  /** How many bytes of the first message were taken. */
  #taken = 0;
  #pendingBytes = 0;

  /** Makes what is sent by a call of one message: the message and the end. */
  static ofOne(message: Uint8Array, isCompressed: boolean): Outgoing {
    const outgoing = new Outgoing();
    outgoing.add(framed(message, isCompressed));
    outgoing.isHalfClosed = true;
    return outgoing;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  add(framedMessage: Buffer): void {
    this.#messages.push(framedMessage);
    this.#pendingBytes += framedMessage.length;
  }

  /** Writes the next `bytes` bytes to `to`, from `at` on. There must be as many. */
  take(bytes: number, to: Buffer, at: number): void {
    let copied = 0;
    let done = 0;
    while (copied < bytes) {
      const message = this.#messages[done] as Buffer;
      if (this.#taken === 0) this.begunMessages += 1;
      const part = Math.min(message.length - this.#taken, bytes - copied);
      message.copy(to, at + copied, this.#taken, this.#taken + part);
      copied += part;
      this.#taken += part;
      if (this.#taken === message.length) {
        this.#taken = 0;
        done += 1;
      }
    }
    if (done > 0) this.#messages = this.#messages.slice(done);
    this.#pendingBytes -= bytes;
  }
}

/** Puts its flag and its size in front of a message, as it stands in DATA frames. */
export function framed(data: Uint8Array, isCompressed: boolean): Buffer {
  const bytes = Buffer.allocUnsafe(5 + data.length);
  bytes[0] = isCompressed ? 1 : 0;
  writeUint32(bytes, 1, data.length);
  bytes.set(data, 5);
  return bytes;
}

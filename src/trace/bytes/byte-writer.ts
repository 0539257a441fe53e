/** A growing buffer with protobuf's primitives. Generated encoders cost about 4 us a record; this is what replaces them. */
export interface ByteWriter {
  readonly sizeBytes: number;
  /** Unsigned, up to 2^53. */
  varint(value: number): void;
  /** Signed 64 bit, two's complement (protobuf `int64`). */
  int64(value: bigint): void;
  fixed32(value: number): void;
  raw(bytes: Uint8Array): void;
  /** Length and bytes. */
  bytes(bytes: Uint8Array): void;
  /** Length and UTF-8. */
  text(text: string): void;
  /** The letters of an ASCII text, without a length. */
  ascii(text: string): void;
  /** Begins a nested message; returns the mark that `endNested` wants. */
  beginNested(): number;
  endNested(mark: number): void;
  /** A view; what is written after `clear` or `truncate` may overwrite it. */
  view(start: number, end: number): Uint8Array<ArrayBuffer>;
  /** Appends bytes of another writer. */
  copy(from: ByteWriter, start: number, end: number): void;
  /** Overwrites bytes already there. */
  writeVarintAt(at: number, value: number): void;
  /** Drops what was written after it was `sizeBytes` long. */
  truncate(sizeBytes: number): void;
  /** Forgets the content, and keeps the memory unless that is unusually much. */
  clear(): void;
}

const MAX_VARINT_BYTES = 10;
const MAX_KEPT_BYTES = 4 * 1024 * 1024;
const SHORT_TEXT = 24;
const SHORT_COPY = 48;

/** Bytes that `value` takes as a varint. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** Makes an empty writer with room for `initialBytes`. */
export function createByteWriter(initialBytes = 4096): ByteWriter {
  return new GrowingWriter(initialBytes);
}

class GrowingWriter implements ByteWriter {
  private buffer: Buffer<ArrayBuffer>;
  private pos = 0;

  constructor(initialBytes: number) {
    this.buffer = Buffer.allocUnsafeSlow(initialBytes);
  }

  get sizeBytes(): number {
    return this.pos;
  }

  varint(value: number): void {
    this.reserve(MAX_VARINT_BYTES);
    let rest = value;
    while (rest >= 0x80000000) {
      this.buffer[this.pos++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      this.buffer[this.pos++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.buffer[this.pos++] = rest;
  }

  int64(value: bigint): void {
    this.reserve(MAX_VARINT_BYTES);
    let rest = BigInt.asUintN(64, value);
    while (rest > 127n) {
      this.buffer[this.pos++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.buffer[this.pos++] = Number(rest);
  }

  fixed32(value: number): void {
    this.reserve(4);
    this.pos = this.buffer.writeUInt32LE(value >>> 0, this.pos);
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.pos);
    this.pos += bytes.length;
  }

  bytes(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  text(text: string): void {
    if (text.length <= SHORT_TEXT && this.shortAscii(text)) return;
    const size = Buffer.byteLength(text);
    this.varint(size);
    this.reserve(size);
    this.pos += this.buffer.write(text, this.pos, 'utf8');
  }

  ascii(text: string): void {
    this.reserve(text.length);
    this.pos += this.buffer.write(text, this.pos, 'latin1');
  }

  beginNested(): number {
    this.reserve(1);
    return this.pos++;
  }

  // One byte was left for the length: enough for nearly every nested message, the others are moved.
  endNested(mark: number): void {
    const size = this.pos - mark - 1;
    if (size < 128) {
      this.buffer[mark] = size;
      return;
    }
    const shift = varintSize(size) - 1;
    this.reserve(shift);
    this.buffer.copyWithin(mark + 1 + shift, mark + 1, this.pos);
    this.writeVarintAt(mark, size);
    this.pos += shift;
  }

  copy(from: ByteWriter, start: number, end: number): void {
    const size = end - start;
    this.reserve(size);
    // A view costs more than a short loop.
    if (size <= SHORT_COPY && from instanceof GrowingWriter) {
      const source = from.buffer;
      for (let i = start; i < end; i++) this.buffer[this.pos++] = source[i] ?? 0;
    } else {
      this.raw(from.view(start, end));
    }
  }

  // Not by varint(): that makes room behind `pos` and would lose what lies there.
  writeVarintAt(at: number, value: number): void {
    let pos = at;
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.buffer[pos++] = (rest % 128) | 128;
    this.buffer[pos] = rest;
  }

  truncate(sizeBytes: number): void {
    this.pos = Math.min(this.pos, sizeBytes);
  }

  view(start: number, end: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.buffer.buffer, this.buffer.byteOffset + start, end - start);
  }

  clear(): void {
    this.pos = 0;
    if (this.buffer.length > MAX_KEPT_BYTES) this.buffer = Buffer.allocUnsafeSlow(MAX_KEPT_BYTES);
  }

  /** Node's own write() costs more than the loop for a dozen letters. */
  private shortAscii(text: string): boolean {
    this.reserve(SHORT_TEXT + 1);
    const start = this.pos + 1;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) return false;
      this.buffer[start + i] = code;
    }
    this.buffer[this.pos] = text.length;
    this.pos = start + text.length;
    return true;
  }

  private reserve(extraBytes: number): void {
    const needed = this.pos + extraBytes;
    if (needed <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    grown.set(this.buffer.subarray(0, this.pos));
    this.buffer = grown;
  }
}

/** The error for a message that is malformed; it becomes a `corrupt` error where block and file are known. */
export class MalformedError extends Error {}

/** Wire type of what has a length in front. */
const PACKED = 2;
/** Up to here a loop is cheaper than a call into Node, and V8 joins letters without a tree. */
const SHORT_TEXT = 12;

/** A place in a protobuf message. Every read is checked against the end: lengths inside a file are not trusted. */
export class WireReader {
  readonly bytes: Uint8Array;
  pos: number;
  end: number;
  private readonly buffer: Buffer;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.pos = start;
    this.end = end;
  }

  /** Unsigned, up to 2^53. */
  varint(): number {
    const bytes = this.bytes;
    const first = bytes[this.pos] ?? 255;
    if (first < 128 && this.pos < this.end) {
      this.pos++;
      return first;
    }
    return this.longVarint();
  }

  /** Signed 64 bit. */
  int64(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, value);
    }
    throw new MalformedError('a number longer than ten bytes');
  }

  /** Unsigned 64 bit: a bigint where no number is exact. */
  unsigned(): number | bigint {
    for (let i = 0; i < 7; i++) if ((this.bytes[this.pos + i] ?? 0) < 128) return this.varint();
    const value = BigInt.asUintN(64, this.int64());
    return value > BigInt(Number.MAX_SAFE_INTEGER) ? value : Number(value);
  }

  /** Signed 64 bit, within ±2^53. */
  integer(): number {
    // Only negative numbers and those out of range take more than eight bytes.
    for (let i = 0; i < 8; i++) if ((this.bytes[this.pos + i] ?? 0) < 128) return this.varint();
    const value = Number(this.int64());
    if (Number.isSafeInteger(value)) return value;
    throw new MalformedError('a number beyond 2^53');
  }

  double(): number {
    return this.buffer.readDoubleLE(this.advance(8));
  }

  fixed32(): number {
    const at = this.advance(4);
    const b = this.bytes;
    return (
      ((b[at] ?? 0) | ((b[at + 1] ?? 0) << 8) | ((b[at + 2] ?? 0) << 16) | ((b[at + 3] ?? 0) << 24)) >>> 0
    );
  }

  /** A length and a view of that many bytes. */
  view(): Uint8Array {
    const size = this.varint();
    const at = this.advance(size);
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + at, size);
  }

  text(): string {
    const size = this.varint();
    const at = this.advance(size);
    if (size > SHORT_TEXT) return this.buffer.toString('utf8', at, at + size);
    let text = '';
    for (let i = at; i < at + size; i++) {
      const byte = this.bytes[i] ?? 0;
      if (byte > 127) return this.buffer.toString('utf8', at, at + size);
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** A repeated number, packed or one by one, as its tag tells. */
  numbers(tag: number, into: number[]): void {
    if ((tag & 7) !== PACKED) {
      into.push(this.varint());
      return;
    }
    const outerEnd = this.end;
    this.end = this.nested();
    while (this.pos < this.end) into.push(this.varint());
    this.end = outerEnd;
  }

  /** A length, and values up to it: `value` reads one. */
  packed(value: () => void): void {
    const outerEnd = this.end;
    this.end = this.nested();
    while (this.pos < this.end) value();
    this.end = outerEnd;
  }

  /** A nested message: `field` is called with each tag, and reads what follows or skips it. */
  message(field: (tag: number) => void): void {
    this.packed(() => field(this.varint()));
  }

  /** Reads a length; returns where what follows ends. */
  nested(): number {
    const size = this.varint();
    if (size > this.end - this.pos) throw this.tooLong(size);
    return this.pos + size;
  }

  /** Passes over the value of an unknown field. */
  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        this.int64();
        return;
      case 1:
        this.advance(8);
        return;
      case 2:
        this.advance(this.varint());
        return;
      case 5:
        this.advance(4);
        return;
      default:
        throw new MalformedError(`a field of wire type ${tag & 7}`);
    }
  }

  private longVarint(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      factor *= 128;
      if (byte < 128) {
        if (value <= Number.MAX_SAFE_INTEGER) return value;
        break;
      }
    }
    throw new MalformedError('a number above 2^53');
  }

  private byte(): number {
    if (this.pos >= this.end) throw new MalformedError('the message ends in the middle of a number');
    return this.bytes[this.pos++] ?? 0;
  }

  private advance(size: number): number {
    if (size > this.end - this.pos) throw this.tooLong(size);
    const at = this.pos;
    this.pos += size;
    return at;
  }

  private tooLong(size: number): MalformedError {
    return new MalformedError(`a field claims ${size} bytes, ${Math.max(0, this.end - this.pos)} are left`);
  }
}

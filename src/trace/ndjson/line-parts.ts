/** The parts of a line whose end has not come yet. */
export interface LineParts {
  readonly sizeBytes: number;
  add(bytes: Uint8Array): void;
  /** The line as one piece; empties the parts. */
  take(): Buffer;
}

/** A part is a view of the chunk it came with; a smaller one would cost more than its bytes, and is copied. */
const WORTH_A_VIEW_BYTES = 16 * 1024;
const SLAB_BYTES = 64 * 1024;

/** Holds no more memory than the line is long, and a little; however small the chunks are that it comes in. */
export function createLineParts(): LineParts {
  let parts: Uint8Array[] = [];
  let sizeBytes = 0;
  let slab = Buffer.alloc(0);
  let filled = 0;

  const closeSlab = () => {
    if (filled > 0) parts.push(slab.subarray(0, filled));
    slab = slab.subarray(filled);
    filled = 0;
  };
  const copy = (bytes: Uint8Array) => {
    if (bytes.length > slab.length - filled) {
      closeSlab();
      slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    }
    slab.set(bytes, filled);
    filled += bytes.length;
  };
  return {
    get sizeBytes() {
      return sizeBytes;
    },
    add(bytes) {
      sizeBytes += bytes.length;
      if (bytes.length < WORTH_A_VIEW_BYTES) return copy(bytes);
      closeSlab();
      parts.push(bytes);
    },
    take() {
      closeSlab();
      const [only] = parts;
      const line =
        only && parts.length === 1
          ? Buffer.from(only.buffer, only.byteOffset, only.length)
          : Buffer.concat(parts);
      parts = [];
      sizeBytes = 0;
      return line;
    },
  };
}

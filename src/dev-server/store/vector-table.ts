/** Length of every embedding. */
export const EMBEDDING_LENGTH = 768;

/** A vector of length 1 and the length it had; all zero where it had none (a zero vector, NaN, infinity). */
export interface UnitVector {
  unit: Float32Array;
  norm: number;
  /** All values are the same positive number, as in the default embeddings. */
  uniform: boolean;
}

export interface VectorMatch {
  row: number;
  /** Cosine, at most 1. */
  similarity: number;
}

const ROWS_PER_CHUNK = 256;
/** Values compared before a row is given up; see `bestMatch`. */
const HEAD_LENGTH = 96;
const ROUNDING = 1e-4;

/** Normalises once, so that every later comparison is one dot product. */
export function toUnitVector(values: ArrayLike<number>): UnitVector {
  const unit = Float32Array.from(values);
  const first = unit[0] ?? 0;
  let squares = 0;
  let uniform = first > 0;
  for (const value of unit) {
    squares += value * value;
    if (value !== first) uniform = false;
  }
  const norm = Math.sqrt(squares);
  if (!(norm > 0) || !Number.isFinite(norm)) return { unit: unit.fill(0), norm: 0, uniform: false };
  for (let i = 0; i < unit.length; i++) unit[i] = (unit[i] ?? 0) / norm;
  return { unit, norm, uniform };
}

/** Vectors in rows, compared by brute force. Rows of removed vectors are used again. */
export class VectorTable {
  readonly #chunks: Float32Array[] = [];
  readonly #norms: number[] = [];
  /** Length of what follows the head of each row; -1 where the row is free. */
  readonly #tails: number[] = [];
  readonly #sums: number[] = [];
  readonly #free: number[] = [];
  readonly #uniformRows = new Set<number>();

  add(vector: UnitVector): number {
    const row = this.#free.pop() ?? this.#tails.length;
    const chunk = this.#chunkOf(row);
    chunk.set(vector.unit, offsetOf(row));
    this.#norms[row] = vector.norm;
    this.#tails[row] = tailLength(vector.unit);
    this.#sums[row] = vector.unit.reduce((sum, value) => sum + value, 0);
    if (vector.uniform) this.#uniformRows.add(row);
    return row;
  }

  remove(row: number): void {
    this.#tails[row] = -1;
    this.#uniformRows.delete(row);
    this.#free.push(row);
  }

  /** The vector as it came in, to rounding. */
  read(row: number): Float32Array {
    const offset = offsetOf(row);
    const norm = this.#norms[row] ?? 0;
    return this.#chunkOf(row)
      .slice(offset, offset + EMBEDDING_LENGTH)
      .map((value) => value * norm);
  }

  /** The most similar row with a cosine of at least `floor`, which is positive. */
  bestMatch(vector: UnitVector, floor: number): VectorMatch | undefined {
    if (vector.norm === 0) return undefined;
    if (vector.uniform) return this.#bestUniformMatch(floor);
    let best: VectorMatch | undefined;
    this.#eachSimilar(vector, floor, (row, similarity) => {
      if (best === undefined || similarity > best.similarity) best = { row, similarity };
      return best.similarity;
    });
    return best;
  }

  /** Every row with a cosine of at least `threshold`, unsorted. */
  matches(vector: UnitVector, threshold: number): VectorMatch[] {
    const found: VectorMatch[] = [];
    this.#eachSimilar(vector, threshold, (row, similarity) => {
      found.push({ row, similarity });
      return threshold;
    });
    return found;
  }

  /**
   * Calls `visit` for each row at or above the floor; `visit` returns the new floor. Most rows need only their
   * head: by Cauchy and Schwarz the rest adds at most the product of the two tails' lengths.
   */
  #eachSimilar(vector: UnitVector, floor: number, visit: (row: number, similarity: number) => number): void {
    const unit = vector.unit;
    const tail = tailLength(unit);
    let limit = floor;
    for (let row = 0; row < this.#tails.length; row++) {
      const rowTail = this.#tails[row] ?? -1;
      if (rowTail < 0) continue;
      const chunk = this.#chunks[Math.floor(row / ROWS_PER_CHUNK)] as Float32Array;
      const offset = offsetOf(row);
      const head = dot(unit, chunk, offset, 0, HEAD_LENGTH);
      if (head + tail * rowTail + ROUNDING < limit) continue;
      const similarity = Math.min(1, head + dot(unit, chunk, offset, HEAD_LENGTH, EMBEDDING_LENGTH));
      if (similarity >= limit) limit = visit(row, similarity);
    }
  }

  /** Embedding-less writes all carry parallel vectors, whose cosines follow from the rows' sums. */
  #bestUniformMatch(floor: number): VectorMatch | undefined {
    for (const row of this.#uniformRows) return { row, similarity: 1 };
    let best: VectorMatch | undefined;
    for (let row = 0; row < this.#tails.length; row++) {
      if ((this.#tails[row] ?? -1) < 0) continue;
      const similarity = (this.#sums[row] ?? 0) / Math.sqrt(EMBEDDING_LENGTH);
      if (similarity >= (best?.similarity ?? floor)) best = { row, similarity };
    }
    return best;
  }

  #chunkOf(row: number): Float32Array {
    const number = Math.floor(row / ROWS_PER_CHUNK);
    const chunk = this.#chunks[number] ?? new Float32Array(ROWS_PER_CHUNK * EMBEDDING_LENGTH);
    this.#chunks[number] = chunk;
    return chunk;
  }
}

function offsetOf(row: number): number {
  return (row % ROWS_PER_CHUNK) * EMBEDDING_LENGTH;
}

function tailLength(unit: Float32Array): number {
  return Math.sqrt(Math.max(0, dot(unit, unit, 0, HEAD_LENGTH, EMBEDDING_LENGTH)));
}

/** Dot product of a[from..to) and the same part of the row at `offset`; four sums let the processor overlap. */
function dot(a: Float32Array, rows: Float32Array, offset: number, from: number, to: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let i = from; i < to; i += 4) {
    const j = offset + i;
    s0 += (a[i] as number) * (rows[j] as number);
    s1 += (a[i + 1] as number) * (rows[j + 1] as number);
    s2 += (a[i + 2] as number) * (rows[j + 2] as number);
    s3 += (a[i + 3] as number) * (rows[j + 3] as number);
  }
  return s0 + s1 + (s2 + s3);
}

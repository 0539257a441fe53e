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
/** Values compared before it is decided whether a row can still matter. */
const STEP_LENGTH = 96;
const STEPS = EMBEDDING_LENGTH / STEP_LENGTH;
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
  /** For each row the length of what follows each step; undefined where the row is free. */
  readonly #tails: (Float32Array | undefined)[] = [];
  readonly #sums: number[] = [];
  readonly #free: number[] = [];
  readonly #uniformRows = new Set<number>();

  add(vector: UnitVector): number {
    const row = this.#free.pop() ?? this.#tails.length;
    const chunk = this.#chunkOf(row);
    chunk.set(vector.unit, offsetOf(row));
    this.#norms[row] = vector.norm;
    this.#tails[row] = tailLengths(vector.unit);
    this.#sums[row] = vector.unit.reduce((sum, value) => sum + value, 0);
    if (vector.uniform) this.#uniformRows.add(row);
    return row;
  }

  remove(row: number): void {
    this.#tails[row] = undefined;
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

  /** Calls `visit` for each row at or above the floor; `visit` returns the new floor. */
  #eachSimilar(vector: UnitVector, floor: number, visit: (row: number, similarity: number) => number): void {
    const query = { unit: vector.unit, tails: tailLengths(vector.unit) };
    let limit = floor;
    for (let row = 0; row < this.#tails.length; row++) {
      const tails = this.#tails[row];
      if (tails === undefined) continue;
      const chunk = this.#chunks[Math.floor(row / ROWS_PER_CHUNK)] as Float32Array;
      const similarity = cosineOrLess(query, chunk, offsetOf(row), tails, limit);
      if (similarity >= limit) limit = visit(row, Math.min(1, similarity));
    }
  }

  /** Embedding-less writes all carry parallel vectors, whose cosines follow from the rows' sums. */
  #bestUniformMatch(floor: number): VectorMatch | undefined {
    for (const row of this.#uniformRows) return { row, similarity: 1 };
    let best: VectorMatch | undefined;
    for (let row = 0; row < this.#tails.length; row++) {
      if (this.#tails[row] === undefined) continue;
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

/** Length of what follows each step of 96 values. */
function tailLengths(unit: Float32Array): Float32Array {
  const tails = new Float32Array(STEPS);
  let squares = 0;
  for (let step = STEPS - 1; step > 0; step--) {
    squares += dot(unit, unit, 0, step * STEP_LENGTH, (step + 1) * STEP_LENGTH);
    tails[step - 1] = Math.sqrt(squares);
  }
  return tails;
}

/**
 * The cosine, or something below `limit` where the cosine is below it. Most rows end after a few steps: by Cauchy
 * and Schwarz the values not yet compared add at most the product of the two tails' lengths.
 */
function cosineOrLess(
  query: { unit: Float32Array; tails: Float32Array },
  rows: Float32Array,
  offset: number,
  tails: Float32Array,
  limit: number,
): number {
  let sum = 0;
  for (let step = 0; step < STEPS; step++) {
    sum += dot(query.unit, rows, offset, step * STEP_LENGTH, (step + 1) * STEP_LENGTH);
    const most = sum + (query.tails[step] as number) * (tails[step] as number) + ROUNDING;
    if (most < limit) return Number.NEGATIVE_INFINITY;
  }
  return sum;
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

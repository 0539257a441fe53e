import { type Rejection, reject } from '../rejection.ts';
import { EMBEDDING_LENGTH } from './vector-table.ts';

/** The embedding, if it has 768 values; nothing else about it is checked, as in the real server. */
export function validateEmbedding(values: readonly number[]): readonly number[] | Rejection {
  if (values.length === EMBEDDING_LENGTH) return values;
  return reject('invalid', `embedding must have ${EMBEDDING_LENGTH} values, this one has ${values.length}`);
}

/** The embedding of a memory that is stored without one: 768 times the same value. All of these are parallel. */
export function defaultEmbedding(value: number): Float32Array {
  return new Float32Array(EMBEDDING_LENGTH).fill(value);
}

/** Within 0 and 1; what is no number gives `fallback`. */
export function clampConfidence(value: unknown, fallback: number): number {
  if (typeof value !== 'number' || Number.isNaN(value)) return fallback;
  return Math.fround(Math.min(1, Math.max(0, value)));
}

import { isRejection, type Rejection, reject } from '../rejection.ts';
import type { MemorySpace } from '../store/memory-space.ts';
import type { Recalled } from '../store/stored-memory.ts';
import { parseQuery, type Query } from './parse-query.ts';

const TEXT_THRESHOLD = 0.5;

export interface Interval {
  lower: number;
  mean: number;
  upper: number;
}

export interface QueryResult {
  found: Recalled[];
  /** Mean match confidence with its 95 % interval; zeros when nothing was found. */
  confidence: Interval;
}

/** Parses and runs a query. Only RECALL finds anything; SPREAD and PREDICT have no engine behind them, as in Engram. */
export function runQuery(space: MemorySpace, text: string): QueryResult | Rejection {
  const query = parseQuery(text);
  if (isRejection(query)) return query;
  if (query.kind === 'spread' || query.kind === 'predict') {
    return reject('internal', `${query.kind.toUpperCase()} needs an engine that is not attached`);
  }
  const found = query.kind === 'recall' ? recall(space, query) : [];
  return { found, confidence: confidenceInterval(found.map(({ confidence }) => confidence)) };
}

/** Mean and 95 % interval (normal approximation) of confidences, within 0 and 1. */
export function confidenceInterval(values: readonly number[]): Interval {
  if (values.length === 0) return { lower: 0, mean: 0, upper: 0 };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const half = 1.96 * Math.sqrt(variance / values.length);
  return { lower: Math.max(0, mean - half), mean, upper: Math.min(1, mean + half) };
}

function recall(space: MemorySpace, query: Extract<Query, { kind: 'recall' }>): Recalled[] {
  const { pattern, confidence: limit } = query;
  const found =
    pattern.kind === 'text'
      ? space.recallByText(pattern.text, TEXT_THRESHOLD)
      : space.recallByEmbedding(pattern.values, pattern.threshold);
  if (!limit) return found;
  return found.filter(({ confidence }) =>
    limit.above ? confidence > limit.value : confidence < limit.value,
  );
}

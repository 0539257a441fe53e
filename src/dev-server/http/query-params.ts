import { isRejection, type Rejection, reject } from '../rejection.ts';
import type { MemorySpace } from '../store/memory-space.ts';
import type { Recalled } from '../store/stored-memory.ts';
import { validateEmbedding } from '../store/validate-embedding.ts';
import { textAnswer } from './http-answers.ts';
import type { HttpAnswer } from './http-types.ts';
import { parseTimeField } from './request-body.ts';

/** Types of query parameters that the framework checks before a handler runs. */
export type ParamShape = Readonly<Record<string, 'number' | 'count' | 'bool' | 'time'>>;

/** What recall and probabilistic queries look for. */
export type Cue = { text: string } | { embedding: readonly number[] };

/** The framework's plain-text 400 for the first parameter that does not parse; undefined when all do. */
export function paramRefusal(query: URLSearchParams, shape: ParamShape): HttpAnswer | undefined {
  for (const [name, type] of Object.entries(shape)) {
    const text = query.get(name);
    if (text !== null && !parses(text, type)) {
      return textAnswer(400, `Failed to deserialize query string: ${name}: invalid value`);
    }
  }
  return undefined;
}

export function numberParam(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name);
  return text === null || !isNumber(text) ? fallback : Number(text);
}

/** A `true` or `false`, or what holds where it is not given. */
export function flagOr(query: URLSearchParams, name: string, fallback: boolean): boolean {
  const text = query.get(name);
  return text === null ? fallback : text === 'true';
}

export function flagParam(query: URLSearchParams, name: string): boolean {
  return query.get(name) === 'true';
}

/** `query` (wins) or `embedding`, a JSON array of 768 numbers. */
export function cueParam(query: URLSearchParams): Cue | Rejection {
  const text = query.get('query');
  if (text !== null) return { text };
  const json = query.get('embedding');
  if (json === null) return reject('invalid', 'a cue is needed: query or embedding');
  const values = parseNumbers(json);
  const embedding = values
    ? validateEmbedding(values)
    : reject('invalid', 'embedding is not a JSON array of numbers');
  return isRejection(embedding) ? embedding : { embedding };
}

/** Best matches of a cue, at most `limit`. */
export function recallByCue(space: MemorySpace, cue: Cue, threshold: number, limit: number): Recalled[] {
  const found =
    'text' in cue
      ? space.recallByText(cue.text, threshold)
      : space.recallByEmbedding(cue.embedding, threshold);
  return found.slice(0, limit);
}

function parseNumbers(json: string): number[] | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) && value.every((item) => typeof item === 'number') ? value : undefined;
  } catch {
    return undefined;
  }
}

function parses(text: string, type: ParamShape[string]): boolean {
  switch (type) {
    case 'number':
      return isNumber(text);
    case 'count':
      return /^\+?\d{1,15}$/.test(text);
    case 'bool':
      return text === 'true' || text === 'false';
    case 'time':
      return parseTimeField(text) !== undefined;
    case undefined:
      return true;
  }
}

function isNumber(text: string): boolean {
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text);
}

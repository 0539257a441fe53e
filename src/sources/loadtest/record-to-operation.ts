import { pathOnly } from '../../dialects/generic.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import { EMBEDDING_VALUES } from './operation-to-record.ts';

/** The server's own defaults, for what a request left out. */
const DEFAULTS = { confidence: 0.7, threshold: 0.5, max_results: 10, space: 'default' };

type Json = Record<string, unknown>;

/**
 * The operation of a loadtest trace that a request stands for; undefined where there is none. It knows four: store,
 * recall and search by a vector, and completion; and of a request it keeps nothing but what they have fields for.
 */
export function recordToOperation(record: TraceRecord): Json | undefined {
  if (record.protocol !== 'http' || record.bodyBytesMissing > 0) return undefined;
  switch (`${record.method} ${pathOnly(record.path)}`) {
    case 'POST /api/v1/memories/remember':
      return storeOf(record, objectIn(record.body));
    case 'GET /api/v1/memories/recall':
      return recallOf(record, new URLSearchParams(record.path.slice(record.path.indexOf('?') + 1)));
    case 'POST /api/v1/complete':
      return completionOf(objectIn(record.body));
    default:
      return undefined;
  }
}

function storeOf(record: TraceRecord, body: Json): Json | undefined {
  const embedding = numbersIn(body['embedding']);
  const confidence = body['confidence'] ?? DEFAULTS.confidence;
  if (!embedding || typeof confidence !== 'number') return undefined;
  return {
    type: 'store',
    memory: { embedding, memory_space: spaceOf(record, body['memory_space_id']), confidence },
  };
}

/** Without threshold and space it is what reading makes of an `embedding_search`. */
function recallOf(record: TraceRecord, query: URLSearchParams): Json | undefined {
  const embedding = query.has('query') ? undefined : numbersIn(parse(query.get('embedding') ?? ''));
  const maxResults = numberIn(query.get('max_results'), DEFAULTS.max_results);
  const threshold = numberIn(query.get('threshold'), DEFAULTS.threshold);
  if (!embedding || !Number.isInteger(maxResults) || maxResults < 0 || !Number.isFinite(threshold))
    return undefined;
  const space = spaceOf(record, query.get('space'));
  if (!query.has('threshold') && space === DEFAULTS.space) {
    return { type: 'embedding_search', query: embedding, k: maxResults };
  }
  const cue = { embedding, memory_space: space, threshold, max_depth: maxResults };
  return { type: 'recall', cue };
}

/** The tool has numbers for the even places of the vector; a cue with others can't be told. */
function completionOf(body: Json): Json | undefined {
  const cue = body['partial_episode'] as Json | null | undefined;
  const embedding: unknown = cue?.['partial_embedding'];
  if (!Array.isArray(embedding) || embedding.length !== EMBEDDING_VALUES) return undefined;
  const known = embedding.findLastIndex((value) => value !== null);
  const partial = numbersIn(embedding.filter((_, i) => i % 2 === 0).slice(0, Math.floor(known / 2) + 1));
  if (!partial || embedding.some((value, i) => i % 2 === 1 && value !== null)) return undefined;
  return { type: 'pattern_completion', partial };
}

/** As the dialect found it, wherever the request has it; an ill-formed one, which the server refuses, as it is. */
function spaceOf(record: TraceRecord, inRequest: unknown): string {
  if (record.space !== '') return record.space;
  return typeof inRequest === 'string' ? inRequest : DEFAULTS.space;
}

function objectIn(body: Uint8Array): Json {
  const value = parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'));
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // A request as broken as that has no equivalent.
  }
}

function numberIn(text: string | null, otherwise: number): number {
  if (text === null) return otherwise;
  return text.trim() === '' ? Number.NaN : Number(text);
}

function numbersIn(value: unknown): number[] | undefined {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'number') ? value : undefined;
}

import { engramDialect } from '../../dialects/engram.ts';
import { EngramTraceError } from '../../error.ts';
import {
  type HeaderList,
  NO_BYTES,
  NO_HEADERS,
  type TraceRecord,
  unknownOutcome,
} from '../../trace/record/record.ts';

export const RESOLUTION_NS = 1_000_000;
const MAX_MS = Math.floor(Number.MAX_SAFE_INTEGER / RESOLUTION_NS);
/** Numbers of a memory's embedding; `partial` fills every other one. */
export const EMBEDDING_VALUES = 768;
const JSON_HEADERS: HeaderList = ['content-type', 'application/json'];

type Fields = Record<string, unknown>;
type Request = Pick<TraceRecord, 'method' | 'path' | 'headers' | 'body'>;

/**
 * The request on a real route of Engram that an operation of a loadtest trace stands for; `index` is its place in the
 * list. Throws `bad_record` for a field that is missing or makes no sense.
 */
export function operationToRecord(value: unknown, index: number, where: string): TraceRecord {
  const check = createChecks(where);
  const item = check.object(value, 'it');
  const timestampMs = check.integer(item, 'timestamp_ms', MAX_MS);
  const request = requestOf(check.object(item['operation'], 'operation'), index, check);
  const { op, space } = engramDialect.describe({ ...request, protocol: 'http' });
  return {
    startNs: timestampMs * RESOLUTION_NS,
    durationNs: undefined,
    // The file has no clients. One each: an operation waits for no other, as the arrivals were planned.
    session: `operation ${index}`,
    op,
    space,
    protocol: 'http',
    httpVersion: undefined,
    ...request,
    bodyCompressed: false,
    bodyBytesMissing: 0,
    deadlineNs: undefined,
    stream: undefined,
    outcome: unknownOutcome(),
  };
}

function requestOf(operation: Fields, index: number, check: Checks): Request {
  const { type } = operation;
  switch (type) {
    case 'store':
      return store(check.object(operation['memory'], 'memory'), index, check);
    case 'recall':
      return recall(check.object(operation['cue'], 'cue'), check);
    case 'embedding_search':
      // The search route takes text only; recall is the one that takes a vector.
      return get({
        embedding: JSON.stringify(check.numbers(operation, 'query')),
        max_results: String(check.integer(operation, 'k')),
      });
    case 'pattern_completion':
      return complete(check.numbers(operation, 'partial', EMBEDDING_VALUES / 2));
    default:
      throw check.fail(
        `"type" is ${excerpt(type)}, not store, recall, embedding_search or pattern_completion`,
      );
  }
}

function store(memory: Fields, index: number, check: Checks): Request {
  return post('/api/v1/memories/remember', {
    content: `loadtest operation ${index}`,
    embedding: check.numbers(memory, 'embedding'),
    confidence: check.number(memory, 'confidence'),
    memory_space_id: check.text(memory, 'memory_space') || undefined,
  });
}

function recall(cue: Fields, check: Checks): Request {
  return get({
    embedding: JSON.stringify(check.numbers(cue, 'embedding')),
    threshold: String(check.number(cue, 'threshold')),
    max_results: String(check.integer(cue, 'max_depth')),
    space: check.text(cue, 'memory_space'),
  });
}

function complete(partial: readonly number[]): Request {
  const embedding = new Array<number | null>(EMBEDDING_VALUES).fill(null);
  for (const [i, number] of partial.entries()) embedding[2 * i] = number;
  return post('/api/v1/complete', {
    partial_episode: { known_fields: {}, partial_embedding: embedding, cue_strength: 0.7 },
    config: { ca1_threshold: 0.3, num_hypotheses: 3, max_iterations: 10 },
  });
}

function get(query: Record<string, string>): Request {
  const pairs = Object.entries(query).filter(([, value]) => value !== '');
  const text = pairs.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&');
  return { method: 'GET', path: `/api/v1/memories/recall?${text}`, headers: NO_HEADERS, body: NO_BYTES };
}

function post(path: string, value: object): Request {
  const body = new Uint8Array(Buffer.from(JSON.stringify(value), 'utf8'));
  return { method: 'POST', path, headers: JSON_HEADERS, body };
}

/** Takes fields out of an operation; each throws `bad_record` where the field is not what it should be. */
interface Checks {
  object(value: unknown, what: string): Fields;
  number(fields: Fields, name: string): number;
  integer(fields: Fields, name: string, max?: number): number;
  text(fields: Fields, name: string): string;
  numbers(fields: Fields, name: string, maxLength?: number): number[];
  fail(message: string): EngramTraceError;
}

function createChecks(where: string): Checks {
  const fail = (message: string) => new EngramTraceError('bad_record', message, { where });
  const number = (fields: Fields, name: string): number => {
    const value = fields[name];
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw fail(`"${name}" is ${excerpt(value)}, not a number`);
  };
  return {
    fail,
    number,
    object(value, what) {
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
      throw fail(`"${what}" is ${excerpt(value)}, not an object`);
    },
    integer(fields, name, max = Number.MAX_SAFE_INTEGER) {
      const value = number(fields, name);
      if (Number.isInteger(value) && value >= 0 && value <= max) return value;
      throw fail(`"${name}" is ${value}, not an integer from 0 to ${max}`);
    },
    text(fields, name) {
      const value = fields[name];
      if (typeof value === 'string') return value;
      throw fail(`"${name}" is ${excerpt(value)}, not text`);
    },
    numbers(fields, name, maxLength = Number.POSITIVE_INFINITY) {
      const value = fields[name];
      if (!Array.isArray(value)) throw fail(`"${name}" is ${excerpt(value)}, not a list of numbers`);
      const wrong = value.findIndex((entry) => typeof entry !== 'number' || !Number.isFinite(entry));
      if (wrong >= 0) throw fail(`"${name}[${wrong}]" is ${excerpt(value[wrong])}, not a number`);
      if (value.length > maxLength)
        throw fail(`"${name}" has ${value.length} numbers, at most ${maxLength} fit`);
      return value;
    },
  };
}

function excerpt(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

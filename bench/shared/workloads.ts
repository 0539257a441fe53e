import type { Cue, Memory } from '../../src/gen/engram/v1/memory.ts';
import { RecallRequest, RememberRequest } from '../../src/gen/engram/v1/service.ts';
import { emptyRecord, type TraceRecord, unknownOutcome } from '../../src/trace/record/record.ts';
import { createRandom } from '../support.ts';

/** The record of a number, the same each time; its start is set by who writes it. */
export type RecordOf = (number: number) => TraceRecord;

const DIMENSIONS = 768;
/** Embeddings that differ; more than fit into one block of a trace, so that compression finds little. */
const EMBEDDINGS = 512;
const SESSIONS = 1000;
const SERVICE = '/engram.v1.EngramService';
const HTTP_HEADERS = [
  ...['host', '127.0.0.1:7432', 'content-type', 'application/json'],
  ...['user-agent', 'bench', 'accept', '*/*'],
];
const NO_TAGS = { requiredTags: [], excludedTags: [] };
const GRPC_HEADERS = ['te', 'trailers', 'content-type', 'application/grpc', 'user-agent', 'bench'];

/** What a trace may consist of; each call makes the embeddings anew. */
export const WORKLOADS = {
  /** A GET of some 50 bytes of path. */
  'http-small': () => httpRecall,
  /** A memory with its embedding as JSON, about 8 KB. */
  'http-8k': () => withEmbeddings(httpRemember),
  /** A recall by an embedding of 768 floats, about 3 KB. */
  'grpc-3k': () => withEmbeddings(grpcRecallByEmbedding),
  /** A call of some 30 bytes. */
  'grpc-small': () => grpcRecall,
  /** 40 % remember (8 KB), 30 % recall by text, 10 % recall by embedding (10 KB of path), 20 % search and get. */
  'http-mixed': () => withEmbeddings(httpMixed),
  /** 40 % remember (3 KB), 30 % recall by text, 30 % recall by embedding (3 KB). */
  'grpc-mixed': () => withEmbeddings(grpcMixed),
  /** Both of them by turns. */
  mixed: () => withEmbeddings(mixed),
} satisfies Readonly<Record<string, () => RecordOf>>;

export type Workload = keyof typeof WORKLOADS;

export function isWorkload(name: string): name is Workload {
  return name in WORKLOADS;
}

interface Embeddings {
  json: string[];
  floats: number[][];
}

function withEmbeddings(make: (number: number, embeddings: Embeddings) => TraceRecord): RecordOf {
  const random = createRandom(2);
  const floats = Array.from({ length: EMBEDDINGS }, () =>
    Array.from({ length: DIMENSIONS }, () => random() * 2 - 1),
  );
  const json = floats.map((values) => `[${values.map((value) => value.toFixed(7)).join(',')}]`);
  return (number) => make(number, { json, floats });
}

/** Somewhere from 0 up to `parts`, the same for the same number: murmur3's finalizer. */
function scatter(number: number, parts: number): number {
  let hash = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32) * parts;
}

/** Words differ like those of people: a trace of them is no smaller than a real one. */
function wordOf(number: number): string {
  return Math.floor(scatter(number * 13 + 5, 36 ** 6)).toString(36);
}

function pick<T>(values: readonly T[], number: number): T {
  return values[Math.floor(scatter(number, values.length))] as T;
}

function httpMixed(number: number, embeddings: Embeddings): TraceRecord {
  const part = scatter(number * 7 + 3, 100);
  if (part < 40) return httpRemember(number, embeddings);
  if (part < 70) return httpRecall(number);
  if (part < 80) return httpRecallByEmbedding(number, embeddings);
  const search = `/api/v1/memories/search?query=note%20${number}&limit=20`;
  return http(number, part < 90 ? 'search' : 'get', part < 90 ? search : `/api/v1/memories/mem_${number}`);
}

function grpcMixed(number: number, embeddings: Embeddings): TraceRecord {
  const part = scatter(number * 7 + 3, 100);
  if (part < 40) return grpcRemember(number, embeddings);
  return part < 70 ? grpcRecall(number) : grpcRecallByEmbedding(number, embeddings);
}

function mixed(number: number, embeddings: Embeddings): TraceRecord {
  return number % 2 === 0 ? httpMixed(number, embeddings) : grpcMixed(number, embeddings);
}

function httpRecall(number: number): TraceRecord {
  return http(number, 'recall', `/api/v1/memories/recall?query=${wordOf(number)}&max_results=10`);
}

function httpRecallByEmbedding(number: number, { json }: Embeddings): TraceRecord {
  return http(
    number,
    'recall',
    `/api/v1/memories/recall?embedding=${encodeURIComponent(pick(json, number))}`,
  );
}

function httpRemember(number: number, { json }: Embeddings): TraceRecord {
  const text = `{"content":"note ${number}","confidence":0.8,"embedding":${pick(json, number)}}`;
  return {
    ...http(number, 'remember', '/api/v1/memories/remember'),
    method: 'POST',
    body: Buffer.from(text),
  };
}

function http(number: number, op: string, path: string): TraceRecord {
  return { ...recorded(number, op), method: 'GET', path, headers: HTTP_HEADERS };
}

function grpcRecall(number: number): TraceRecord {
  return recallBy(number, { semantic: { ...NO_TAGS, query: wordOf(number), fuzzyThreshold: 0.5 } });
}

function grpcRecallByEmbedding(number: number, { floats }: Embeddings): TraceRecord {
  return recallBy(number, { embedding: { vector: pick(floats, number), similarityThreshold: 0.5 } });
}

function recallBy(number: number, how: Pick<Cue, 'semantic' | 'embedding'>): TraceRecord {
  const cue = {
    id: '',
    threshold: undefined,
    maxResults: 10,
    spreadActivation: false,
    activationDecay: 0,
    ...how,
  };
  const request = {
    memorySpaceId: 'default',
    cue,
    maxResults: 10,
    includeMetadata: false,
    traceActivation: false,
  };
  return grpc(number, 'Recall', RecallRequest.encode(request).finish());
}

function grpcRemember(number: number, { floats }: Embeddings): TraceRecord {
  const memory: Memory = {
    ...{ id: `mem_${number}`, content: `note ${number}`, embedding: pick(floats, number) },
    ...{ confidence: { value: 0.8, category: 0, reasoning: '' }, activation: 0, decayRate: 0, memoryType: 0 },
    ...{ lastAccess: undefined, createdAt: undefined, metadata: {}, tags: [] },
  };
  const request = { memorySpaceId: 'default', memory, autoLink: false, linkThreshold: 0 };
  return grpc(number, 'Remember', RememberRequest.encode(request).finish());
}

function grpc(number: number, rpc: string, body: Uint8Array): TraceRecord {
  return {
    ...recorded(number, rpc.toLowerCase()),
    protocol: 'grpc',
    method: 'POST',
    path: `${SERVICE}/${rpc}`,
    headers: GRPC_HEADERS,
    body,
    outcome: { ...unknownOutcome(), status: 0, ok: true },
  };
}

function recorded(number: number, op: string): TraceRecord {
  return {
    ...emptyRecord(),
    durationNs: 500_000,
    session: `10.0.0.1:${40_000 + Math.floor(scatter(number * 3 + 1, SESSIONS))}`,
    op,
    space: 'default',
    outcome: { ...unknownOutcome(), status: 200, ok: true },
  };
}

import { isRejection, reject } from '../rejection.ts';
import type { MemorySpace, NewMemory } from '../store/memory-space.ts';
import { clampConfidence, defaultEmbedding, validateEmbedding } from '../store/validate-embedding.ts';
import { generatedId, type World } from '../world.ts';
import { jsonAnswer, problemAnswer } from './http-answers.ts';
import type { HttpAnswer, HttpRequest } from './http-types.ts';
import { confidenceView } from './memory-views.ts';
import { isoTimeOfMs } from './number-format.ts';
import { type JsonObject, parseBody, parseTimeField } from './request-body.ts';
import { spaceOfBody } from './request-space.ts';

const MAX_CONTENT_BYTES = 100_000;
const DEFAULT_MEMORY_EMBEDDING = defaultEmbedding(0.5);
const DEFAULT_EPISODE_EMBEDDING = defaultEmbedding(0.6);

const REMEMBER_SHAPE = {
  content: 'string!',
  id: 'string',
  embedding: 'numbers',
  confidence: 'number',
  confidence_reasoning: 'string',
  tags: 'strings',
  memory_type: 'string',
  timestamp: 'time',
  auto_link: 'bool',
  link_threshold: 'number',
  memory_space_id: 'string',
} as const;

const EPISODE_SHAPE = {
  when: 'time!',
  what: 'string!',
  id: 'string',
  where_location: 'string',
  why: 'string',
  how: 'string',
  memory_space_id: 'string',
  who: 'strings',
  embedding: 'numbers',
  importance: 'number',
  emotional_valence: 'number',
  auto_link: 'bool',
} as const;

/** POST /api/v1/memories/remember */
export function rememberMemory(request: HttpRequest, world: World): HttpAnswer {
  const parsed = parseBody(request, REMEMBER_SHAPE);
  if ('refusal' in parsed) return parsed.refusal;
  const { body } = parsed;
  const space = spaceOfBody(request, body['memory_space_id'], world);
  if (isRejection(space)) return problemAnswer(space);
  return storeContent(request, world, space, body);
}

/** POST /api/v1/memories: only `content` and `confidence` count. */
export function rememberMinimal(request: HttpRequest, world: World): HttpAnswer {
  const parsed = parseBody(request, {});
  if ('refusal' in parsed) return parsed.refusal;
  const { content, confidence } = parsed.body;
  const space = spaceOfBody(request, undefined, world);
  if (isRejection(space)) return problemAnswer(space);
  if (typeof content !== 'string') return problemAnswer(reject('invalid', 'content is missing'));
  return storeContent(request, world, space, { content, confidence });
}

/** POST /api/v1/episodes/remember; `importance` becomes the confidence. */
export function rememberEpisode(request: HttpRequest, world: World): HttpAnswer {
  const parsed = parseBody(request, EPISODE_SHAPE);
  if ('refusal' in parsed) return parsed.refusal;
  const { body } = parsed;
  const space = spaceOfBody(request, body['memory_space_id'], world);
  if (isRejection(space)) return problemAnswer(space);
  const what = String(body['what']);
  if (what.trim() === '') return problemAnswer(reject('invalid', 'what must not be blank'));
  const embedding = embeddingOf(body, DEFAULT_EPISODE_EMBEDDING);
  if (isRejection(embedding)) return problemAnswer(embedding);
  const memory: NewMemory = {
    id: textOr(body['id'], () => generatedId(world, 'ep_', request.operation)),
    content: what,
    embedding,
    confidence: clampConfidence(body['importance'], 0.5),
    whenMs: parseTimeField(String(body['when'])) ?? world.wallMs(),
    whereLocation: typeof body['where_location'] === 'string' ? body['where_location'] : undefined,
    who: Array.isArray(body['who']) ? (body['who'] as string[]) : [],
  };
  return storedAnswer(world, space, memory, 'Encoded as an episode.', []);
}

/** DELETE /api/v1/memories/{id}: deletes nothing; only gRPC Forget does. */
export function deleteMemory(request: HttpRequest): HttpAnswer {
  return jsonAnswer(200, {
    status: 'not_supported',
    message: 'Memories fade; they are not deleted over HTTP.',
    memory_id: request.id,
    rationale: 'Forgetting is a process of its own.',
    alternatives: ['gRPC Forget'],
    documentation: '/docs',
  });
}

function storeContent(request: HttpRequest, world: World, space: MemorySpace, body: JsonObject): HttpAnswer {
  const content = String(body['content']);
  if (content.trim() === '') return problemAnswer(reject('invalid', 'content must not be blank'));
  if (Buffer.byteLength(content) > MAX_CONTENT_BYTES) {
    return problemAnswer(reject('invalid', `content must not exceed ${MAX_CONTENT_BYTES} bytes`));
  }
  const embedding = embeddingOf(body, DEFAULT_MEMORY_EMBEDDING);
  if (isRejection(embedding)) return problemAnswer(embedding);
  const timestamp = body['timestamp'];
  const memory: NewMemory = {
    id: textOr(body['id'], () => generatedId(world, 'mem_', request.operation)),
    content,
    embedding,
    confidence: clampConfidence(body['confidence'], 0.7),
    whenMs: (typeof timestamp === 'string' ? parseTimeField(timestamp) : undefined) ?? world.wallMs(),
  };
  const reasoning = textOr(body['confidence_reasoning'], () => 'Strength of the stored trace.');
  return storedAnswer(world, space, memory, reasoning, autoLinks(body));
}

function embeddingOf(body: JsonObject, fallback: Float32Array) {
  const values = body['embedding'];
  return Array.isArray(values) ? validateEmbedding(values as number[]) : fallback;
}

function textOr(value: unknown, fallback: () => string): string {
  return typeof value === 'string' ? value : fallback();
}

function autoLinks(body: JsonObject): unknown[] {
  if (body['auto_link'] !== true) return [];
  const threshold = typeof body['link_threshold'] === 'number' ? body['link_threshold'] : 0.7;
  const link_reason = 'Similar content.';
  return [{ target_memory_id: 'example_linked_memory', similarity_score: threshold + 0.1, link_reason }];
}

function storedAnswer(
  world: World,
  space: MemorySpace,
  memory: NewMemory,
  reasoning: string,
  links: unknown[],
): HttpAnswer {
  const { strength } = space.store(memory);
  return jsonAnswer(201, {
    memory_id: memory.id,
    storage_confidence: confidenceView(strength, reasoning),
    consolidation_state: 'Recent',
    observed_at: isoTimeOfMs(memory.whenMs),
    stored_at: isoTimeOfMs(world.wallMs()),
    links: { consolidation: '/api/v1/consolidations' },
    auto_links: links,
    system_message: `Memory "${memory.id}" remembered in space "${space.id}".`,
  });
}

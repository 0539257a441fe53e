import { isRejection, reject } from '../rejection.ts';
import type { World } from '../world.ts';
import { jsonAnswer, problemAnswer } from './http-answers.ts';
import type { HttpAnswer, HttpRequest } from './http-types.ts';
import { briefView } from './memory-views.ts';
import { flagParam } from './query-params.ts';
import { spaceOfQuery } from './request-space.ts';

const SEARCH_THRESHOLD = 0.7;
const MAX_LIST_LIMIT = 1000;
const TIERS = ['hot', 'warm', 'cold', 'all'];

/** GET /api/v1/memories/search: by text, with a fixed threshold. */
export function searchMemories(request: HttpRequest, world: World): HttpAnswer {
  const space = spaceOfQuery(request, world);
  if (isRejection(space)) return problemAnswer(space);
  const query = request.query.get('query');
  if (query === null) return problemAnswer(reject('invalid', 'query is missing'));
  const limit = countOr(request.query.get('limit'), 10);
  const memories = space
    .recallByText(query, SEARCH_THRESHOLD)
    .slice(0, limit)
    .map(({ memory, confidence }) => ({
      ...briefView(memory),
      confidence: Math.fround(confidence),
      memory_type: 'episodic',
    }));
  return jsonAnswer(200, { memories, total: memories.length });
}

/** GET /api/v1/memories: a page of everything; all memories are in the hot tier here. */
export function listMemories(request: HttpRequest, world: World): HttpAnswer {
  const { query } = request;
  const space = spaceOfQuery(request, world);
  if (isRejection(space)) return problemAnswer(space);
  const tier = query.get('tier') ?? 'hot';
  if (!TIERS.includes(tier))
    return problemAnswer(reject('bad_request', 'tier must be hot, warm, cold or all'));
  const offset = countOr(query.get('offset'), 0);
  const limit = Math.min(MAX_LIST_LIMIT, countOr(query.get('limit'), 100));
  const withEmbeddings = flagParam(query, 'include_embeddings');
  const page = tier === 'hot' || tier === 'all' ? space.list(offset, limit) : [];
  const memories = page.map((memory) => ({
    ...briefView(memory),
    ...(withEmbeddings ? { embedding: Array.from(space.embeddingOf(memory)) } : {}),
  }));
  return jsonAnswer(200, {
    memories,
    count: memories.length,
    pagination: { offset, limit, returned: memories.length },
    tier_counts: { hot: space.count, warm: 0, cold: 0, total: space.count },
  });
}

/** GET /api/v1/memories/{id} */
export function getMemory(request: HttpRequest, world: World): HttpAnswer {
  const space = spaceOfQuery(request, world);
  if (isRejection(space)) return problemAnswer(space);
  const memory = space.get(request.id);
  if (!memory) return problemAnswer(reject('memory_not_found', `no memory "${request.id}" in "${space.id}"`));
  return jsonAnswer(200, { ...briefView(memory), memory_type: 'episodic' });
}

/** GET /api/v1/consolidations[/{id}]: nothing consolidates here, so there is never a belief. */
export function consolidations(request: HttpRequest, world: World): HttpAnswer {
  const space = spaceOfQuery(request, world);
  if (isRejection(space)) return problemAnswer(space);
  if (request.id !== '') return problemAnswer(reject('belief_not_found', `no belief "${request.id}"`));
  return jsonAnswer(200, {
    generated_at: new Date(world.wallMs()).toISOString(),
    beliefs: [],
    stats: {
      total_replays: 0,
      successful_consolidations: 0,
      failed_consolidations: 0,
      average_replay_speed: 0,
      total_patterns_extracted: 0,
      avg_ripple_frequency: 0,
      avg_ripple_duration: 0,
      last_replay_timestamp: null,
    },
  });
}

function countOr(text: string | null, fallback: number): number {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : fallback;
}

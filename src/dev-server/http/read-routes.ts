import { isRejection, reject } from '../rejection.ts';
import type { Tier } from '../store/memory-space.ts';
import type { World } from '../world.ts';
import { consolidationSnapshot } from './consolidation-snapshot.ts';
import { jsonAnswer, problemAnswer } from './http-answers.ts';
import type { HttpAnswer, HttpRequest } from './http-types.ts';
import { briefView } from './memory-views.ts';
import { flagParam } from './query-params.ts';
import { spaceOfQuery } from './request-space.ts';

const SEARCH_THRESHOLD = 0.7;
const MAX_LIST_LIMIT = 1000;
const TIERS: ReadonlyMap<string, readonly Tier[]> = new Map([
  ['hot', ['hot']],
  ['warm', ['warm']],
  ['cold', []],
  ['all', ['hot', 'warm']],
] satisfies [string, Tier[]][]);

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

/** GET /api/v1/memories: a page of the tiers asked for; `all` gives the weak memories twice. */
export function listMemories(request: HttpRequest, world: World): HttpAnswer {
  const { query } = request;
  const space = spaceOfQuery(request, world);
  if (isRejection(space)) return problemAnswer(space);
  const tiers = TIERS.get(query.get('tier') ?? 'hot');
  if (!tiers) return problemAnswer(reject('bad_request', 'tier must be hot, warm, cold or all'));
  const offset = countOr(query.get('offset'), 0);
  const limit = Math.min(MAX_LIST_LIMIT, countOr(query.get('limit'), 100));
  const withEmbeddings = flagParam(query, 'include_embeddings');
  const memories = space.list(tiers, offset, limit).map((memory) => ({
    ...briefView(memory),
    ...(withEmbeddings ? { embedding: Array.from(space.embeddingOf(memory)) } : {}),
  }));
  return jsonAnswer(200, {
    memories,
    count: memories.length,
    pagination: { offset, limit, returned: memories.length },
    tier_counts: {
      hot: space.count,
      warm: space.warmCount,
      cold: 0,
      total: space.count + space.warmCount,
    },
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
  return jsonAnswer(200, consolidationSnapshot(space, world));
}

function countOr(text: string | null, fallback: number): number {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : fallback;
}

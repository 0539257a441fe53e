import { runQuery } from '../query/run-query.ts';
import { isRejection, reject } from '../rejection.ts';
import { EMBEDDING_LENGTH } from '../store/vector-table.ts';
import type { World } from '../world.ts';
import { jsonAnswer, problemAnswer } from './http-answers.ts';
import type { HttpAnswer, HttpRequest } from './http-types.ts';
import { confidenceView, episodeView } from './memory-views.ts';
import { isoTimeOfMs, shortFloat } from './number-format.ts';
import { isObject, type JsonObject, parseBody, shapeError, wrongShape } from './request-body.ts';
import { firstSpaceId, headerSpace, spaceOfBody } from './request-space.ts';

/** Known embedding values below which the completion engine gives up. */
const MIN_KNOWN_VALUES = 256;
const DEFAULT_CA1_THRESHOLD = 0.7;

/** Confidence of an engine that used all its rounds. */
const NEVER_SETTLED = 0;

const PARTIAL_SHAPE = {
  known_fields: 'map!',
  partial_embedding: 'numbers?',
  cue_strength: 'number',
  temporal_context: 'strings',
} as const;
const CONFIG_SHAPE = { ca1_threshold: 'number', num_hypotheses: 'number', max_iterations: 'number' } as const;

/** POST /api/v1/query. The body's space wins over the header's here, and an unknown space is not created. */
export function postQuery(request: HttpRequest, world: World): HttpAnswer {
  const parsed = parseBody(request, { query_text: 'string!', memory_space_id: 'string' });
  if ('refusal' in parsed) return parsed.refusal;
  const id = firstSpaceId([parsed.body['memory_space_id'], headerSpace(request)]);
  if (isRejection(id)) return problemAnswer(reject('bad_request', id.message));
  const space = world.store.find(id);
  if (!space) return problemAnswer(reject('resource_not_found', `no memory space "${id}"`));
  const result = runQuery(space, String(parsed.body['query_text']));
  if (isRejection(result)) return problemAnswer(result);
  const { lower, mean, upper } = result.confidence;
  return jsonAnswer(200, {
    episodes: result.found.map(episodeView),
    aggregate_confidence: {
      lower_bound: shortFloat(lower),
      mean: shortFloat(mean),
      upper_bound: shortFloat(upper),
      width: shortFloat(upper - lower),
    },
    total_count: result.found.length,
    execution_time_ms: 0,
  });
}

/**
 * POST /api/v1/complete: stored memories play no part, so the engine never settles, its confidence is 0 and only a
 * threshold of 0 lets it answer anything but 422.
 */
export function completePattern(request: HttpRequest, world: World): HttpAnswer {
  const parsed = parseBody(request, {
    partial_episode: 'object!',
    config: 'object',
    memory_space_id: 'string',
  });
  if ('refusal' in parsed) return parsed.refusal;
  const { body } = parsed;
  const partial = body['partial_episode'] as JsonObject;
  const config = isObject(body['config']) ? body['config'] : {};
  const wrong = shapeError(partial, PARTIAL_SHAPE) ?? shapeError(config, CONFIG_SHAPE);
  if (wrong !== undefined) return wrongShape(wrong);
  const space = spaceOfBody(request, body['memory_space_id'], world);
  if (isRejection(space)) return problemAnswer(space);
  const problem = completionProblem(partial, config);
  if (problem !== undefined) return problemAnswer(reject('unprocessable', problem));
  return jsonAnswer(200, completion(partial, world));
}

function completionProblem(partial: JsonObject, config: JsonObject): string | undefined {
  const values = (partial['partial_embedding'] ?? []) as (number | null)[];
  const strength = partial['cue_strength'];
  if (Object.keys(partial['known_fields'] as JsonObject).length === 0 && values.length === 0) {
    return 'known_fields and partial_embedding are both empty';
  }
  if (values.length > 0 && values.length !== EMBEDDING_LENGTH)
    return `partial_embedding must have ${EMBEDDING_LENGTH} values`;
  if (typeof strength === 'number' && !(strength >= 0 && strength <= 1))
    return 'cue_strength must lie in 0 to 1';
  const known = values.filter((value) => value !== null).length;
  const enough =
    known >= MIN_KNOWN_VALUES && numberOr(config['ca1_threshold'], DEFAULT_CA1_THRESHOLD) <= NEVER_SETTLED;
  return enough ? undefined : tooLittleOverlap(known);
}

/** The real server says this of every failure, however much is known. */
function tooLittleOverlap(known: number): string {
  const percent = ((100 * known) / EMBEDDING_LENGTH).toFixed(1);
  const overlap = `Current overlap: ${percent}% (${known} of ${EMBEDDING_LENGTH} dimensions known)`;
  return `Pattern completion requires minimum 30% cue overlap. ${overlap}.`;
}

function completion(partial: JsonObject, world: World) {
  const fields = partial['known_fields'] as Readonly<Record<string, string>>;
  const now = world.wallMs();
  return {
    completed_episode: {
      id: `completed_${Math.floor(now / 1000)}`,
      when: isoTimeOfMs(now),
      what: fields['what'] ?? '',
      where_location: fields['where'] ?? null,
      who: fields['who'] === undefined ? null : [fields['who']],
      encoding_confidence: NEVER_SETTLED,
    },
    completion_confidence: completionCategory(NEVER_SETTLED),
    metacognitive_confidence: completionCategory(NEVER_SETTLED),
    source_attribution: Object.fromEntries(
      Object.keys(fields).map((field) => [field, { source: 'recalled', confidence: 1 }]),
    ),
    reconstruction_stats: {
      ca3_iterations: 0,
      convergence_achieved: true,
      pattern_sources: [],
      plausibility_score: NEVER_SETTLED,
    },
  };
}

function completionCategory(value: number) {
  const { reasoning } = confidenceView(value, 'Settled without stored patterns.');
  const named = [0.9, 0.7, 0.4, 0.1].findIndex((limit) => value > limit);
  const category = ['Certain', 'High', 'Medium', 'Low'][named] ?? 'None';
  return { value: shortFloat(value), category, reasoning };
}

function numberOr(value: unknown, fallback: number): number {
  return typeof value === 'number' ? value : fallback;
}

import { confidenceInterval } from '../query/run-query.ts';
import { isRejection, reject } from '../rejection.ts';
import type { Recalled } from '../store/stored-memory.ts';
import type { World } from '../world.ts';
import { jsonAnswer, problemAnswer } from './http-answers.ts';
import type { HttpAnswer, HttpRequest } from './http-types.ts';
import { confidenceView, recalledView } from './memory-views.ts';
import { shortFloat } from './number-format.ts';
import { type Cue, cueParam, flagParam, numberParam, paramRefusal, recallByCue } from './query-params.ts';
import { spaceOfQuery } from './request-space.ts';

const RECALL_PARAMS = {
  threshold: 'number',
  max_results: 'count',
  include_metadata: 'bool',
  trace_activation: 'bool',
  from_time: 'time',
  to_time: 'time',
} as const;
const PROBABILISTIC_PARAMS = {
  threshold: 'number',
  max_results: 'count',
  include_evidence: 'bool',
  include_uncertainty: 'bool',
} as const;
const VIVID_CONFIDENCE = 0.7;
const TRACE_SUGGESTION = 'Set trace_activation=true.';

/** GET /api/v1/memories/recall */
export function recallMemories(request: HttpRequest, world: World): HttpAnswer {
  const { query } = request;
  const refusal = paramRefusal(query, RECALL_PARAMS);
  if (refusal) return refusal;
  const space = spaceOfQuery(request, world);
  if (isRejection(space)) return problemAnswer(space);
  const cue = cueParam(query);
  if (isRejection(cue)) return problemAnswer(cue);
  const mode = query.get('mode');
  if (mode !== null && mode !== 'similarity') {
    return problemAnswer(reject('invalid', `recall mode "${mode.slice(0, 40)}" is not available`));
  }
  const limit = numberParam(query, 'max_results', 10);
  const found = recallByCue(space, cue, numberParam(query, 'threshold', 0.5), limit);
  return jsonAnswer(
    200,
    recallBody(
      found,
      cue,
      limit,
      world.wallMs(),
      flagParam(query, 'include_metadata') ? space.count : undefined,
    ),
  );
}

/** GET /api/v1/query/probabilistic */
export function probabilisticQuery(request: HttpRequest, world: World): HttpAnswer {
  const { query } = request;
  const refusal = paramRefusal(query, PROBABILISTIC_PARAMS);
  if (refusal) return refusal;
  const space = spaceOfQuery(request, world);
  if (isRejection(space)) return problemAnswer(space);
  const cue = cueParam(query);
  if (isRejection(cue)) return problemAnswer(cue);
  const limit = numberParam(query, 'max_results', 10);
  const found = recallByCue(space, cue, numberParam(query, 'threshold', 0.5), limit);
  const { lower, mean, upper } = confidenceInterval(found.map(({ confidence }) => confidence));
  return jsonAnswer(200, {
    memories: found.map((hit) => recalledView(hit, 'Probabilistic query', world.wallMs())),
    confidence_interval: {
      lower: shortFloat(lower),
      upper: shortFloat(upper),
      point: shortFloat(mean),
      width: shortFloat(upper - lower),
    },
    evidence_chain: flagParam(query, 'include_evidence') ? evidenceChain(cue, found) : null,
    uncertainty_sources: flagParam(query, 'include_uncertainty') ? [uncertainty(upper - lower)] : null,
    system_message: `${found.length} memories found.`,
  });
}

/** A text is no evidence: only an embedding is told how near it came. */
function evidenceChain(cue: Cue, found: readonly Recalled[]) {
  if ('text' in cue) return [];
  return found.map(({ memory, confidence }) => ({
    source_type: 'vector_similarity',
    strength: shortFloat(confidence),
    description: `Memory "${memory.id}".`,
  }));
}

function uncertainty(width: number) {
  const explanation = 'Spread of the matches.';
  return { source_type: 'measurement_error', impact: shortFloat(width), explanation };
}

function recallBody(
  found: readonly Recalled[],
  cue: Cue,
  limit: number,
  nowMs: number,
  searched: number | undefined,
) {
  const view = (hit: Recalled) => recalledView(hit, 'Memory store recall', nowMs);
  const isVivid = ({ confidence }: Recalled) => confidence > VIVID_CONFIDENCE;
  return {
    memories: {
      vivid: found.filter(isVivid).map(view),
      associated: found.filter((hit) => !isVivid(hit)).map(view),
      reconstructed: [],
    },
    recall_confidence: confidenceView(0.8, 'Recall finished.'),
    query_analysis: {
      understood_intent: 'text' in cue ? 'Recall by text.' : 'Recall by embedding.',
      search_strategy: 'text' in cue ? 'text' : 'similarity',
      cognitive_load: limit > 20 ? 'Medium' : 'Low',
      suggestions: limit < 10 ? [TRACE_SUGGESTION, 'Raise max_results.'] : [TRACE_SUGGESTION],
    },
    metadata:
      searched === undefined
        ? null
        : {
            total_memories_searched: searched,
            activation_spread_hops: 2,
            processing_time_ms: 0,
            memory_system_load: 'Normal',
          },
    system_message: `${found.length} memories recalled.`,
  };
}

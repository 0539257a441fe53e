import { DEFAULT_SPACE, parseSpaceId } from '../../dialects/space-id.ts';
import { reject } from '../rejection.ts';
import type { MemorySpace } from '../store/memory-space.ts';
import type { World } from '../world.ts';
import { jsonAnswer, problemAnswer } from './http-answers.ts';
import type { HttpAnswer, HttpRequest } from './http-types.ts';
import { confidenceView } from './memory-views.ts';
import { isoTimeOfMs } from './number-format.ts';
import { parseBody } from './request-body.ts';

/** GET /api/v1/spaces */
export function listSpaces(_request: HttpRequest, world: World): HttpAnswer {
  return jsonAnswer(200, { spaces: world.store.spaces().map(spaceView) });
}

/** POST /api/v1/spaces; also 201 when it exists. */
export function createSpace(request: HttpRequest, world: World): HttpAnswer {
  const parsed = parseBody(request, { id: 'string!' });
  if ('refusal' in parsed) return parsed.refusal;
  const id = parseSpaceId(String(parsed.body['id']));
  if (id === undefined) return problemAnswer(reject('invalid', 'invalid memory space id'));
  return jsonAnswer(201, spaceView(world.store.open(id)));
}

/** GET /api/v1/system/introspect: constants, but for the count of the default space. */
export function introspect(_request: HttpRequest, world: World): HttpAnswer {
  const count = world.store.open(DEFAULT_SPACE).count;
  return jsonAnswer(200, {
    memory_statistics: {
      total_nodes: count,
      average_activation: 0.5,
      consolidation_states: { recent: 0, consolidated: count, archived: 0 },
    },
    system_processes: {
      memory_consolidation: 'scheduled',
      dream_simulation: 'offline',
      pattern_completion: 'ready',
      spreading_activation: 'idle',
    },
    performance_metrics: {
      avg_recall_time_ms: 45,
      memory_capacity_used: '15%',
      activation_efficiency: 'high',
    },
  });
}

/** The JSON of GET /metrics; windows are empty, since no metric is kept here. */
export function metricsSnapshot(world: World) {
  return {
    snapshot: { schema_version: '1.1.0', one_second: {}, ten_seconds: {}, one_minute: {}, five_minutes: {} },
    export: { exported: world.operations, dropped: 0, queue_depth: 0 },
  };
}

/** GET /metrics */
export function metrics(_request: HttpRequest, world: World): HttpAnswer {
  return jsonAnswer(200, metricsSnapshot(world));
}

/** GET /metrics/prometheus: a metric without a sample is absent, and none has one. */
export function prometheus(): HttpAnswer {
  return { status: 200, contentType: 'text/plain; version=0.0.4', body: '' };
}

/** POST /api/v1/maintenance/compact: nothing is fragmented here. */
export function compact(): HttpAnswer {
  return jsonAnswer(200, {
    compaction: null,
    pressure_before: 0,
    pressure_after: 0,
    maintenance_triggered: false,
  });
}

/** GET /api/v1/system/spreading/config */
export function spreadingConfig(): HttpAnswer {
  return jsonAnswer(200, { audit_log: [] });
}

/** POST /api/v1/memories/recognize: recognised is simply what is longer than ten bytes. */
export function recognize(request: HttpRequest): HttpAnswer {
  const parsed = parseBody(request, { input: 'string!', embedding: 'numbers', threshold: 'number' });
  if ('refusal' in parsed) return parsed.refusal;
  const input = String(parsed.body['input']);
  if (input.trim() === '') return problemAnswer(reject('invalid', 'input must not be blank'));
  const recognized = Buffer.byteLength(input) > 10;
  const explanation = 'Placeholder pattern.';
  const pattern = {
    memory_id: 'example_pattern',
    similarity_score: 0.7,
    pattern_type: 'semantic',
    explanation,
  };
  return jsonAnswer(200, {
    recognized,
    recognition_confidence: confidenceView(recognized ? 0.7 : 0.3, 'Judged by length.'),
    similar_patterns: recognized ? [pattern] : [],
    system_message: recognized ? 'Recognized.' : 'Not recognized.',
  });
}

/** GET /api/v1/episodes/replay: always empty. */
export function replayEpisodes(): HttpAnswer {
  return jsonAnswer(200, {
    episodes: [],
    replay_confidence: { value: 0.6, category: 'Medium', reasoning: 'Nothing to replay.' },
    system_message: 'No episodes replayed.',
  });
}

/** GET /v1/stream: a WebSocket in Engram. */
export function webSocket(request: HttpRequest): HttpAnswer {
  return problemAnswer(reject('unimplemented', `${request.path} is not available in the dev-server`));
}

/** POST /shutdown answers as Engram does, and the dev-server goes on: somebody's test needs it. */
export function shutdown(): HttpAnswer {
  const message = 'The dev-server answers as Engram does and goes on; stop it with a signal.';
  return jsonAnswer(200, { status: 'shutdown_initiated', message });
}

/** Cluster routes on a single node. */
export function singleNode(): HttpAnswer {
  return problemAnswer(reject('single_node', 'this node is not part of a cluster'));
}

function spaceView(space: MemorySpace) {
  return {
    id: space.id,
    persistence_root: `engram-data/${space.id}`,
    created_at: isoTimeOfMs(space.createdMs),
  };
}

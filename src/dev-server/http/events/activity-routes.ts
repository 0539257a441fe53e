import type { Activity } from '../../activity-feed.ts';
import type { Recalled, StoredMemory } from '../../store/stored-memory.ts';
import { generatedUuid, type World } from '../../world.ts';
import { eventAnswer } from '../http-answers.ts';
import type { HttpAnswer, HttpRequest } from '../http-types.ts';
import { isoTimeOffset } from '../number-format.ts';
import { flagOr, numberParam, paramRefusal } from '../query-params.ts';
import type { ServerEvent } from './event-stream.ts';

const ACTIVITY_PARAMS = { min_importance: 'number', buffer_size: 'count', last_event_id: 'count' } as const;
const MEMORY_PARAMS = {
  include_formation: 'bool',
  include_retrieval: 'bool',
  include_completion: 'bool',
  min_confidence: 'number',
} as const;
const STABLE_CONFIDENCE = 0.8;

/** The event of one activity but for its number, or nothing where the client asked not to hear of it. */
type Describe = (activity: Activity) => readonly ServerEvent[];

/** GET /api/v1/stream/activities: storage, recall and activation in the default space. */
export function streamActivities(request: HttpRequest, world: World): HttpAnswer {
  const refusal = paramRefusal(request.query, ACTIVITY_PARAMS);
  if (refusal) return refusal;
  const types = request.query
    .get('event_types')
    ?.split(',')
    .map((type) => type.trim().toLowerCase());
  const minimum = Math.min(1, Math.max(0, numberParam(request.query, 'min_importance', 0.1)));
  return followDefaultSpace(request, world, (session) => (activity) => {
    return activityEvents(activity, session, world.wallMs()).filter(
      ({ event, data }) => (types?.includes(event) ?? true) && Number(data['importance']) >= minimum,
    );
  });
}

/** GET /api/v1/stream/memories: formation and retrieval in the default space. */
export function streamMemories(request: HttpRequest, world: World): HttpAnswer {
  const { query } = request;
  const refusal = paramRefusal(query, MEMORY_PARAMS);
  if (refusal) return refusal;
  const minimum = numberParam(query, 'min_confidence', 0.3);
  const wanted = [
    ...(flagOr(query, 'include_formation', true) ? ['formation'] : []),
    ...(flagOr(query, 'include_retrieval', true) ? ['retrieval'] : []),
  ];
  return followDefaultSpace(request, world, (session) => (activity) => {
    return memoryEvents(activity, session, world.wallMs()).filter(
      ({ event, data }) => wanted.includes(event) && Number(data['confidence']) >= minimum,
    );
  });
}

function followDefaultSpace(
  request: HttpRequest,
  world: World,
  describeFor: (sessionId: string) => Describe,
): HttpAnswer {
  const sessionId = sessionOf(request, world);
  const describe = describeFor(sessionId);
  return eventAnswer({
    sessionId,
    open(sink) {
      let id = 0;
      return world.feed.subscribe((activity) => {
        for (const event of describe(activity)) sink.send({ id: ++id, ...event });
      });
    },
  });
}

/** The session that the client named, or one of its own. */
export function sessionOf(request: HttpRequest, world: World): string {
  return request.query.get('session_id') ?? generatedUuid(world, request.operation);
}

function activityEvents(activity: Activity, session: string, nowMs: number): ServerEvent[] {
  if (activity.kind === 'stored') return [storageEvent(activity.memory, session)];
  const { found } = activity;
  if (found.length === 0) return [];
  return [...found.map((hit) => recallEvent(hit, session, nowMs)), activationEvent(found, session, nowMs)];
}

function storageEvent({ id, activation, whenMs }: StoredMemory, session: string): ServerEvent {
  const fields = { memory_id: id, confidence: activation, timestamp: Math.floor(whenMs / 1000) };
  return activityEvent('storage', 'Memory stored', activation, session, fields);
}

function recallEvent({ memory, confidence }: Recalled, session: string, nowMs: number): ServerEvent {
  const activation = Math.fround(confidence);
  const fields = {
    memory_id: memory.id,
    confidence: memory.confidence,
    activation,
    timestamp: isoTimeOffset(nowMs),
  };
  return activityEvent('recall', 'Memory recalled', meanOf(activation, memory.confidence), session, fields);
}

function activationEvent(found: readonly Recalled[], session: string, nowMs: number): ServerEvent {
  const average = found.reduce((sum, { confidence }) => sum + confidence, 0) / found.length;
  const fields = {
    memories_activated: found.length,
    avg_activation: Math.fround(average),
    timestamp: isoTimeOffset(nowMs),
  };
  return activityEvent('activation', 'Memories activated', Math.fround(average), session, fields);
}

function activityEvent(
  event: string,
  description: string,
  importance: number,
  session: string,
  fields: Readonly<Record<string, unknown>>,
): ServerEvent {
  const isHigh = importance > 0.7;
  const data = {
    event_type: event,
    description,
    memory_space_id: 'default',
    ...fields,
    importance,
    session_id: session,
    metadata: { cognitive_load: isHigh ? 'high' : 'normal', attention_required: isHigh },
  };
  return { event, data };
}

function memoryEvents(activity: Activity, session: string, nowMs: number): ServerEvent[] {
  if (activity.kind === 'stored') {
    const { id, activation, whenMs } = activity.memory;
    const state = activation > STABLE_CONFIDENCE ? 'Stable' : 'Recent';
    const fields = { confidence: activation, timestamp: Math.floor(whenMs / 1000) };
    return [memoryEvent('formation', 'A memory formed', id, state, session, fields)];
  }
  return activity.found.map(({ memory, confidence }) => {
    const activation = Math.fround(confidence);
    const fields = {
      activation,
      confidence: meanOf(activation, memory.confidence),
      timestamp: isoTimeOffset(nowMs),
    };
    return memoryEvent('retrieval', 'A memory was retrieved', memory.id, 'Retrieved', session, fields);
  });
}

function memoryEvent(
  event: string,
  description: string,
  memoryId: string,
  state: string,
  session: string,
  fields: Readonly<Record<string, unknown>>,
): ServerEvent {
  const data = {
    operation: event,
    description,
    memory_space_id: 'default',
    memory_type: 'episodic',
    ...fields,
    session_id: session,
    memory_id: memoryId,
    consolidation_state: state,
  };
  return { event, data };
}

function meanOf(a: number, b: number): number {
  return Math.fround((a + b) / 2);
}

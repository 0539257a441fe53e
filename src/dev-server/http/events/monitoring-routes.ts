import { uniformOf } from '../../faults/seeded.ts';
import type { World } from '../../world.ts';
import { eventAnswer } from '../http-answers.ts';
import type { HttpAnswer, HttpRequest } from '../http-types.ts';
import { isoTimeOffset } from '../number-format.ts';
import { flagOr, numberParam, paramRefusal } from '../query-params.ts';
import { sessionOf } from './activity-routes.ts';
import type { EventStream } from './event-stream.ts';
import { pacedEvents } from './paced-events.ts';

const EVENT_PARAMS = {
  max_frequency: 'number',
  min_activation: 'number',
  include_causality: 'bool',
  last_sequence: 'count',
} as const;
const ACTIVATION_PARAMS = {
  threshold: 'number',
  frequency: 'number',
  time_window: 'number',
  include_spreading: 'bool',
} as const;
const CAUSALITY_PARAMS = {
  max_chain_length: 'count',
  min_confidence: 'number',
  include_indirect: 'bool',
  temporal_window: 'count',
} as const;

/** The events of each level. */
const LEVELS: ReadonlyMap<string, readonly string[]> = new Map([
  ['global', ['system_activation', 'consolidation_wave', 'attention_shift']],
  ['region', ['region_activation', 'cluster_formation']],
  ['node', ['node_activation', 'link_formation']],
  ['edge', ['edge_strengthening', 'edge_formation']],
]);
const OTHER_LEVEL = ['unknown_event'];
/** None of the names above: who names no types hears nothing. The real server spins for ever over it. */
const DEFAULT_EVENT_TYPES = ['activation', 'formation', 'decay', 'spreading'];
const DEFAULT_OPERATION_TYPES = ['remember', 'recall', 'consolidate', 'activate'];
const UNSURE_PAUSE_MS = 500;

/** GET /api/v1/monitoring/events: made-up events of a level, those whose names `event_types` has. */
export function monitorEvents(request: HttpRequest, world: World): HttpAnswer {
  const { query } = request;
  const refusal = paramRefusal(query, EVENT_PARAMS);
  if (refusal) return refusal;
  const level = (query.get('level') ?? 'global').toLowerCase();
  const asked = listParam(query, 'event_types', DEFAULT_EVENT_TYPES);
  const names = (LEVELS.get(level) ?? OTHER_LEVEL).filter((name) => asked.includes(name));
  const sessionId = sessionOf(request, world);
  if (names.length === 0) return eventAnswer({ sessionId, open: () => () => undefined });
  const pauseMs = 1000 / within(numberParam(query, 'max_frequency', 10), 0.1, 50);
  const minimum = within(numberParam(query, 'min_activation', 0.1), 0, 1);
  const first = numberParam(query, 'last_sequence', 0);
  const fixed = optionalFields(query);
  const withCauses = flagOr(query, 'include_causality', true);
  return eventAnswer(
    randomTurns(request, world, first, (sequence, random) => {
      const activation = Math.fround(0.1 + 0.9 * random());
      if (activation < minimum) return { pauseMs };
      const name = names[(sequence - 1) % names.length] ?? '';
      const data = {
        event_type: name,
        description: `Made-up ${name.replaceAll('_', ' ')}`,
        level,
        activation_level: activation,
        latency_ms: below(random, 100),
        debug_info: { cognitive_load: activation > 0.8 ? 'high' : 'normal', hierarchy_level: level },
        ...fixed,
        ...(withCauses ? { causality: cause(sequence, random) } : {}),
      };
      return { event: 'monitor', data, pauseMs };
    }),
  );
}

/** GET /api/v1/monitoring/activations: made-up activations of made-up nodes. */
export function monitorActivations(request: HttpRequest, world: World): HttpAnswer {
  const { query } = request;
  const refusal = paramRefusal(query, ACTIVATION_PARAMS);
  if (refusal) return refusal;
  const threshold = within(numberParam(query, 'threshold', 0.2), 0, 1);
  const pauseMs = 1000 / within(numberParam(query, 'frequency', 20), 1, 100);
  const pattern = query.get('node_pattern');
  const withSpreading = flagOr(query, 'include_spreading', true);
  return eventAnswer(
    randomTurns(request, world, 0, (_sequence, random) => {
      const level = Math.fround(random());
      if (level < threshold) return { pauseMs };
      const data = {
        node_id: pattern === null ? `node_${below(random, 10_000)}` : `${pattern}_${below(random, 1000)}`,
        activation_level: level,
        latency_ms: below(random, 50),
        visualization: { color_intensity: Math.floor(level * 255), pulse_rate: Math.fround(level * 10) },
        ...(withSpreading ? { spreading: spreading(level, random) } : {}),
      };
      return { event: 'activation', data, pauseMs };
    }),
  );
}

/** GET /api/v1/monitoring/causality: made-up operations with made-up causes. */
export function monitorCausality(request: HttpRequest, world: World): HttpAnswer {
  const { query } = request;
  const refusal = paramRefusal(query, CAUSALITY_PARAMS);
  if (refusal) return refusal;
  const longest = Math.min(20, numberParam(query, 'max_chain_length', 10));
  const minimum = within(numberParam(query, 'min_confidence', 0.5), 0, 1);
  const pauseMs = Math.min(10_000, numberParam(query, 'temporal_window', 1000));
  const types = listParam(query, 'operation_types', DEFAULT_OPERATION_TYPES);
  return eventAnswer(
    randomTurns(request, world, 0, (sequence, random) => {
      const type = types[below(random, types.length)] ?? '';
      const confidence = Math.fround(random());
      if (confidence < minimum) return { pauseMs: UNSURE_PAUSE_MS };
      const length = Math.min(longest, Math.floor(confidence * 8) + 1);
      const chain = Array.from({ length }, (_, i) => ({
        operation_id: `cause_${type}_${Math.max(0, sequence - i - 1)}`,
        confidence: Math.fround(confidence * random()),
        temporal_offset_ms: i * 50,
      }));
      const data = {
        operation_id: `${type}_${sequence}`,
        operation_type: type,
        confidence,
        causal_chain: chain,
        latency_ms: below(random, 100),
      };
      return { event: 'causality', data, pauseMs };
    }),
  );
}

type MakeTurn = (
  sequence: number,
  random: () => number,
) => { event?: string; data?: Readonly<Record<string, unknown>>; pauseMs: number };

/** Turns with numbers drawn from the seed; each has its place in the sequence, also where it sends nothing. */
function randomTurns(request: HttpRequest, world: World, first: number, make: MakeTurn): EventStream {
  const sessionId = sessionOf(request, world);
  let sequence = first;
  let draws = 0;
  const random = () => uniformOf(world.seed, request.operation, FIRST_EVENT_DRAW + draws++);
  return pacedEvents(sessionId, () => {
    sequence++;
    const { event, data, pauseMs } = make(sequence, random);
    if (event === undefined) return { pauseMs };
    const common = { timestamp: isoTimeOffset(world.wallMs()), session_id: sessionId, sequence };
    return { event: { id: sequence, event, data: { ...data, ...common } }, pauseMs };
  });
}

/** Far from the draws that decide about errors and latencies. */
const FIRST_EVENT_DRAW = 1 << 20;

function optionalFields(query: URLSearchParams) {
  const focus = query.get('focus_id');
  const space = query.get('space');
  return {
    ...(space === null ? {} : { space_id: space }),
    ...(focus === null ? {} : { focus_id: focus, focused: true }),
  };
}

function cause(sequence: number, random: () => number) {
  const causedBy = Math.max(0, sequence - 1 - below(random, 5));
  return { caused_by: `event_${causedBy}`, temporal_delay_ms: below(random, 100) };
}

function spreading(level: number, random: () => number) {
  const count = Math.floor(level * 5);
  const targets = Array.from({ length: count }, (_, i) => ({
    target_node: `spread_${i}`,
    spread_strength: Math.fround(level * random()),
    delay_ms: i * 10,
  }));
  return { spread_count: count, targets, total_energy: level };
}

function listParam(query: URLSearchParams, name: string, fallback: readonly string[]): readonly string[] {
  return (
    query
      .get(name)
      ?.split(',')
      .map((item) => item.trim().toLowerCase()) ?? fallback
  );
}

function below(random: () => number, limit: number): number {
  return Math.floor(random() * limit);
}

function within(value: number, lowest: number, highest: number): number {
  return Math.min(highest, Math.max(lowest, value));
}

import { DEFAULT_SPACE } from '../../../dialects/space-id.ts';
import type { World } from '../../world.ts';
import { consolidationSnapshot } from '../consolidation-snapshot.ts';
import { eventAnswer } from '../http-answers.ts';
import type { HttpAnswer, HttpRequest } from '../http-types.ts';
import { flagOr, paramRefusal } from '../query-params.ts';
import { sessionOf } from './activity-routes.ts';

const PARAMS = {
  include_replay: 'bool',
  include_insights: 'bool',
  include_progress: 'bool',
  min_novelty: 'number',
} as const;
const TICK_MS = 10_000;

/** GET /api/v1/stream/consolidation: progress if asked for, and a heartbeat; there is never a belief to tell of. */
export function streamConsolidation(request: HttpRequest, world: World): HttpAnswer {
  const refusal = paramRefusal(request.query, PARAMS);
  if (refusal) return refusal;
  const withProgress = flagOr(request.query, 'include_progress', false);
  const sessionId = sessionOf(request, world);
  return eventAnswer({
    sessionId,
    open(sink) {
      const tick = () => {
        if (withProgress) sink.send({ event: 'progress', data: progress(sessionId, world) });
        sink.comment(`consolidation heartbeat for session ${sessionId}`);
      };
      tick();
      const timer = setInterval(tick, TICK_MS);
      return () => clearInterval(timer);
    },
  });
}

function progress(sessionId: string, world: World) {
  const { generated_at, stats } = consolidationSnapshot(world.store.open(DEFAULT_SPACE), world);
  return { session_id: sessionId, generated_at, stats };
}

import { parseSpaceId } from '../../dialects/space-id.ts';
import { reject } from '../rejection.ts';
import type { World } from '../world.ts';
import { emptyAnswer, jsonAnswer, problemAnswer } from './http-answers.ts';
import type { HttpAnswer, HttpRequest } from './http-types.ts';
import { isoTimeOffset, isoTimeOfMs } from './number-format.ts';

/** Probes of the real server; all but `spreading` are constants there, too. */
const PROBES: readonly (readonly [name: string, latencySeconds: number])[] = [
  ['memory', 0],
  ['latency', 0.03],
  ['error_rate', 0],
  ['connectivity', 0],
  ['cognitive', 0],
  ['spreading', 0.001],
];

/** GET /health */
export function health(_request: HttpRequest, world: World): HttpAnswer {
  world.probeRuns++;
  const timestamp = isoTimeOffset(world.wallMs());
  return jsonAnswer(200, { status: 'healthy', service: 'engram', version: '0.1.0', timestamp });
}

/** GET /health/alive: the cheapest probe. */
export function alive(): HttpAnswer {
  return emptyAnswer(200);
}

/** GET /health/spreading: the state of the one probe. */
export function spreadingHealth(_request: HttpRequest, world: World): HttpAnswer {
  return jsonAnswer(200, probeView('spreading', 0.001, world));
}

/** GET /api/v1/system/health; an unknown but well-formed `space` gives an empty list. */
export function systemHealth(request: HttpRequest, world: World): HttpAnswer {
  const asked = request.query.get('space');
  const id = asked === null ? undefined : parseSpaceId(asked);
  if (asked !== null && id === undefined)
    return problemAnswer(reject('unprocessable', 'invalid memory space id'));
  world.probeRuns++;
  const spaces = world.store.spaces().filter((space) => id === undefined || space.id === id);
  return jsonAnswer(200, {
    status: 'healthy',
    timestamp: isoTimeOfMs(world.wallMs()),
    checks: PROBES.map(([name, latencySeconds]) => probeView(name, latencySeconds, world)),
    spaces: spaces.map(({ id: space, count: memories }) => {
      return { space, memories, pressure: 0, wal_lag_ms: 0, consolidation_rate: 0 };
    }),
    cluster: null,
  });
}

/** A probe that has always gone well, and runs whenever it is asked for. */
function probeView(name: string, latencySeconds: number, world: World) {
  return {
    name,
    type: name,
    status: 'healthy',
    message: `${name} is within its limits`,
    latency_seconds: latencySeconds,
    consecutive_failures: 0,
    consecutive_successes: world.probeRuns,
    last_success_seconds_ago: 0,
    last_failure_seconds_ago: null,
    last_run_seconds_ago: 0,
  };
}

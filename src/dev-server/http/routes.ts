import * as admin from './admin-routes.ts';
import { getArtifact, putArtifact } from './cache-routes.ts';
import * as docs from './docs-routes.ts';
import { streamActivities, streamMemories } from './events/activity-routes.ts';
import { streamConsolidation } from './events/consolidation-stream.ts';
import { monitorActivations, monitorCausality, monitorEvents } from './events/monitoring-routes.ts';
import * as health from './health-routes.ts';
import type { HttpHandler } from './http-types.ts';
import { completePattern, postQuery } from './query-routes.ts';
import { consolidations, getMemory, listMemories, searchMemories } from './read-routes.ts';
import { probabilisticQuery, recallMemories } from './recall-routes.ts';
import { deleteMemory, rememberEpisode, rememberMemory, rememberMinimal } from './write-routes.ts';

/** What a method and path lead to: a handler, or a refusal. */
export type RouteMatch =
  | { kind: 'found'; handler: HttpHandler; id: string }
  | { kind: 'wrong_method'; allow: string }
  | { kind: 'unknown' };

/** Method, path and handler of every route of Engram. */
export const ROUTES: readonly (readonly [string, string, HttpHandler])[] = [
  ['POST', '/api/v1/memories/remember', rememberMemory],
  ['POST', '/api/v1/memories', rememberMinimal],
  ['POST', '/api/v1/episodes/remember', rememberEpisode],
  ['GET', '/api/v1/memories/recall', recallMemories],
  ['GET', '/api/v1/memories/search', searchMemories],
  ['GET', '/api/v1/memories', listMemories],
  ['GET', '/api/v1/memories/{id}', getMemory],
  ['DELETE', '/api/v1/memories/{id}', deleteMemory],
  ['POST', '/api/v1/memories/recognize', admin.recognize],
  ['GET', '/api/v1/episodes/replay', admin.replayEpisodes],
  ['GET', '/api/v1/query/probabilistic', probabilisticQuery],
  ['POST', '/api/v1/query', postQuery],
  ['POST', '/api/v1/complete', completePattern],
  ['GET', '/api/v1/consolidations', consolidations],
  ['GET', '/api/v1/consolidations/{id}', consolidations],
  ['GET', '/api/v1/spaces', admin.listSpaces],
  ['POST', '/api/v1/spaces', admin.createSpace],
  ['POST', '/api/v1/maintenance/compact', admin.compact],
  ['POST', '/shutdown', admin.shutdown],
  ['GET', '/health', health.health],
  ['GET', '/health/alive', health.alive],
  ['GET', '/health/spreading', health.spreadingHealth],
  ['GET', '/api/v1/system/health', health.systemHealth],
  ['GET', '/api/v1/system/introspect', admin.introspect],
  ['GET', '/api/v1/system/spreading/config', admin.spreadingConfig],
  ['GET', '/metrics', admin.metrics],
  ['GET', '/metrics/prometheus', admin.prometheus],
  ['GET', '/api/v1/stream/activities', streamActivities],
  ['GET', '/api/v1/stream/memories', streamMemories],
  ['GET', '/api/v1/stream/consolidation', streamConsolidation],
  ['GET', '/api/v1/monitoring/events', monitorEvents],
  ['GET', '/api/v1/monitoring/activations', monitorActivations],
  ['GET', '/api/v1/monitoring/causality', monitorCausality],
  ['GET', '/api/v1/monitor/events', monitorEvents],
  ['GET', '/api/v1/monitor/activations', monitorActivations],
  ['GET', '/api/v1/monitor/causality', monitorCausality],
  ['GET', '/v1/stream', admin.webSocket],
  ['GET', '/cluster/health', admin.singleNode],
  ['GET', '/cluster/nodes', admin.singleNode],
  ['GET', '/cluster/rebalance', admin.singleNode],
  ['POST', '/cluster/rebalance', admin.singleNode],
  ['POST', '/cluster/migrate', admin.singleNode],
  ['GET', '/docs', docs.docsRedirect],
  ['GET', '/docs/', docs.docsPage],
  ['GET', '/api-docs/openapi.json', () => docs.openApi(ROUTES)],
  ['GET', '/api-docs/openapi.yaml', () => docs.openApiYaml(ROUTES)],
];

/** Those of a build cache: artifacts and their layers, which lie in one store. */
const CACHE_ROUTES: typeof ROUTES = [
  ['GET', '/cache/{id}', getArtifact],
  ['PUT', '/cache/{id}', putArtifact],
  ['GET', '/cache/layer/{id}', getArtifact],
  ['PUT', '/cache/layer/{id}', putArtifact],
];

const ID_PATH = /^(\/api\/v1\/(?:memories|consolidations)|\/cache(?:\/layer)?)\/([^/]+)$/;
const byPath = new Map<string, Map<string, HttpHandler>>();
for (const [method, path, handler] of [...ROUTES, ...CACHE_ROUTES]) {
  byPath.set(path, (byPath.get(path) ?? new Map<string, HttpHandler>()).set(method, handler));
}

/** Finds the route; literal segments win over `{id}`, and HEAD is served by GET's handler. */
export function matchRoute(method: string, path: string): RouteMatch {
  const literal = byPath.get(path);
  const [, prefix, segment = ''] = literal ? [] : (ID_PATH.exec(path) ?? []);
  const methods = literal ?? byPath.get(`${prefix}/{id}`);
  if (!methods) return { kind: 'unknown' };
  const handler = methods.get(method === 'HEAD' ? 'GET' : method);
  if (handler) return { kind: 'found', handler, id: decodeSegment(segment) };
  const allow = [...methods.keys()].flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name]));
  return { kind: 'wrong_method', allow: allow.join(',') };
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

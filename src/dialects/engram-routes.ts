/** Where a route takes its memory space from, first present wins; an empty list: from nowhere, it has none. */
export type SpaceSource = 'header' | 'query' | 'body' | 'default';

/** What the dialect knows of one route or rpc. */
export interface EngramRoute {
  op: string;
  spaceFrom: readonly SpaceSource[];
}

const HEADER_BODY: readonly SpaceSource[] = ['header', 'body', 'default'];
const HEADER_QUERY: readonly SpaceSource[] = ['header', 'query', 'default'];
const NONE: readonly SpaceSource[] = [];

const HTTP_ROUTES: readonly (readonly [string, string, readonly SpaceSource[]])[] = [
  ['POST /api/v1/memories/remember', 'remember', HEADER_BODY],
  ['POST /api/v1/memories', 'remember', ['header', 'default']],
  ['POST /api/v1/episodes/remember', 'remember_episode', HEADER_BODY],
  ['GET /api/v1/memories/recall', 'recall', HEADER_QUERY],
  ['GET /api/v1/memories/search', 'search', HEADER_QUERY],
  ['GET /api/v1/memories', 'list', HEADER_QUERY],
  ['GET /api/v1/memories/{id}', 'get', HEADER_QUERY],
  ['DELETE /api/v1/memories/{id}', 'delete', NONE],
  ['POST /api/v1/memories/recognize', 'recognize', NONE],
  ['GET /api/v1/episodes/replay', 'replay_episodes', NONE],
  ['GET /api/v1/query/probabilistic', 'probabilistic_query', HEADER_QUERY],
  ['POST /api/v1/query', 'query', ['body', 'header', 'default']],
  ['POST /api/v1/complete', 'complete', HEADER_BODY],
  ['GET /api/v1/consolidations', 'consolidations', HEADER_QUERY],
  ['GET /api/v1/consolidations/{id}', 'consolidations', HEADER_QUERY],
  ['GET /api/v1/spaces', 'spaces_list', NONE],
  ['POST /api/v1/spaces', 'spaces_create', NONE],
  ['POST /api/v1/maintenance/compact', 'compact', ['default']],
  ['POST /shutdown', 'shutdown', NONE],
  ['GET /health', 'health', NONE],
  ['GET /health/alive', 'health', NONE],
  ['GET /health/spreading', 'health', NONE],
  ['GET /api/v1/system/health', 'health', ['query']],
  ['GET /api/v1/system/introspect', 'introspect', ['default']],
  ['GET /api/v1/system/spreading/config', 'spreading_config', NONE],
  ['GET /metrics', 'metrics', NONE],
  ['GET /metrics/prometheus', 'metrics', NONE],
  ['GET /api/v1/stream/activities', 'stream_activities', ['default']],
  ['GET /api/v1/stream/memories', 'stream_memories', ['default']],
  ['GET /api/v1/stream/consolidation', 'stream_consolidation', ['default']],
  ['GET /api/v1/monitoring/events', 'monitoring', NONE],
  ['GET /api/v1/monitoring/activations', 'monitoring', NONE],
  ['GET /api/v1/monitoring/causality', 'monitoring', NONE],
  ['GET /api/v1/monitor/events', 'monitoring', NONE],
  ['GET /api/v1/monitor/activations', 'monitoring', NONE],
  ['GET /api/v1/monitor/causality', 'monitoring', NONE],
  ['GET /v1/stream', 'websocket', NONE],
  ['GET /cluster/health', 'cluster_health', NONE],
  ['GET /cluster/nodes', 'cluster_nodes', NONE],
  ['GET /cluster/rebalance', 'cluster_rebalance_status', NONE],
  ['POST /cluster/rebalance', 'rebalance_spaces', NONE],
  ['POST /cluster/migrate', 'migrate_space', NONE],
];

/** Rpcs without `memory_space_id` in field 1. */
const SPACELESS_RPCS = new Set(['RebalanceSpaces', 'GetReplicationStatus']);
/** Rpc names whose op is not simply the name in snake case. */
const RPC_OPS: Readonly<Record<string, string>> = {
  ExecuteQuery: 'query',
  GetReplicationStatus: 'replication_status',
};
const RPCS = [
  'Remember Recall Forget Recognize Experience Reminisce Consolidate Dream Complete Associate ExecuteQuery',
  'Introspect Stream RebalanceSpaces MigrateSpace ApplyReplicationBatch GetReplicationStatus',
  'StreamingRemember StreamingRecall MemoryFlow ObserveStream RecallStream MemoryStream',
].flatMap((line) => line.split(' '));

const RPC_PREFIX = '/engram.v1.EngramService/';
const ID_ROUTE = /^(\/api\/v1\/(?:memories|consolidations))\/[^/]+$/;
const BODY_ONLY: readonly SpaceSource[] = ['body', 'default'];

const httpRoutes = new Map(HTTP_ROUTES.map(([key, op, spaceFrom]) => [key, { op, spaceFrom }]));
const literalPaths = new Set(HTTP_ROUTES.map(([key]) => key.slice(key.indexOf(' ') + 1)));
const rpcRoutes = new Map(
  RPCS.map((rpc) => [
    `${RPC_PREFIX}${rpc}`,
    { op: RPC_OPS[rpc] ?? snakeCase(rpc), spaceFrom: SPACELESS_RPCS.has(rpc) ? NONE : BODY_ONLY },
  ]),
);

const routeWords = new Set(
  [...literalPaths].flatMap((path) => path.split('/')).filter((word) => /^\w+$/.test(word)),
);

/** Whether a segment of a path is a word of Engram's own routes. */
export function isRouteWord(segment: string): boolean {
  return routeWords.has(segment);
}

/** The route of an HTTP request; literal segments win over `{id}`. HEAD counts as GET. */
export function findHttpRoute(method: string, path: string): EngramRoute | undefined {
  const verb = method === 'HEAD' ? 'GET' : method;
  const literal = httpRoutes.get(`${verb} ${path}`);
  // `GET /api/v1/memories/remember` is a wrong method (405), not a memory with that id.
  if (literal || path.length > 1024 || literalPaths.has(path)) return literal;
  const template = ID_ROUTE.exec(path)?.[1];
  return template === undefined ? undefined : httpRoutes.get(`${verb} ${template}/{id}`);
}

/** The rpc of a gRPC path. */
export function findRpcRoute(path: string): EngramRoute | undefined {
  return rpcRoutes.get(path);
}

function snakeCase(name: string): string {
  return name.replace(/(?!^)([A-Z])/g, '_$1').toLowerCase();
}

import type { HeaderList } from '../trace/record/record.ts';
import type { Dialect, OperationName, RequestView } from './dialect.ts';
import { ENGRAM_DANGERS } from './engram-dangers.ts';
import { engramMemories } from './engram-memories.ts';
import {
  type EngramRoute,
  findHttpRoute,
  findRpcRoute,
  isRouteWord,
  type SpaceSource,
} from './engram-routes.ts';
import { engramSpaces } from './engram-spaces.ts';
import { genericOp, isGenericWrite, pathOnly } from './generic.ts';
import { findJsonField } from './json-field.ts';
import { peekProto } from './proto-peek.ts';
import { DEFAULT_SPACE, parseSpaceId } from './space-id.ts';

const EPISODE_FIELD = 3;
const READS = new Set([
  ...[
    'recall',
    'search',
    'list',
    'get',
    'recognize',
    'replay_episodes',
    'probabilistic_query',
    'query',
    'complete',
  ],
  ...[
    'consolidations',
    'spaces_list',
    'health',
    'introspect',
    'spreading_config',
    'metrics',
    'reminisce',
    'dream',
  ],
  ...[
    'stream_activities',
    'stream_memories',
    'stream_consolidation',
    'monitoring',
    'stream',
    'streaming_recall',
  ],
  ...['recall_stream', 'cluster_health', 'cluster_nodes', 'cluster_rebalance_status', 'replication_status'],
]);

/** Engram's routes and rpcs under one set of names (`remember`, `recall`, …) with the memory space they address. */
export const engramDialect: Dialect = {
  name: 'engram',
  dangers: ENGRAM_DANGERS,
  spaces: engramSpaces,
  memories: engramMemories,
  describe: (request) => (request.protocol === 'grpc' ? describeRpc(request) : describeHttp(request)),
  isWrite: (record) => (isEngramOp(record.op) ? !READS.has(record.op) : isGenericWrite(record)),
};

function isEngramOp(op: string): boolean {
  return !op.includes('/') && !op.includes(' ');
}

function describeRpc(request: RequestView): OperationName {
  const route = findRpcRoute(request.path);
  if (!route) return { op: genericOp(request), space: '' };
  if (route.spaceFrom.length === 0) return { op: route.op, space: '' };
  const peek = peekProto(request.body);
  const episode = route.op === 'remember' && peek.fields.find((field) => field !== 1) === EPISODE_FIELD;
  return { op: episode ? 'remember_episode' : route.op, space: rpcSpace(peek.firstText, peek.broken) };
}

function rpcSpace(text: string | undefined, broken: boolean): string {
  if (text === undefined || text === '') return broken ? '' : DEFAULT_SPACE;
  return parseSpaceId(text) ?? '';
}

function describeHttp(request: RequestView): OperationName {
  const route = findHttpRoute(request.method, pathOnly(request.path));
  return route
    ? { op: route.op, space: httpSpace(route, request) }
    : { op: genericOp(request, isRoutePart), space: '' };
}

const PLAIN_ROUTE = /^[a-z][a-z._-]{0,19}$/;
const PREFIX = new Set(['api', 'v1']);

/**
 * Of a route that Engram does not have, its own words and the one that names the route stay. What follows may be a
 * secret that looks like a word (`/reset/swordfish`), and would stand in every index, document and chart.
 */
function isRoutePart(segment: string, at: number, segments: readonly string[]): boolean {
  if (isRouteWord(segment)) return true;
  return PLAIN_ROUTE.test(segment) && segments.slice(0, at).every((before) => PREFIX.has(before));
}

/** '' where the space can't be told or is ill-formed (the server refuses those). */
function httpSpace(route: EngramRoute, request: RequestView): string {
  for (const source of route.spaceFrom) {
    const found = spaceIn(source, request);
    if (found !== undefined) return parseSpaceId(found) ?? '';
  }
  return '';
}

function spaceIn(source: SpaceSource, request: RequestView): string | undefined {
  switch (source) {
    case 'header':
      return headerValue(request.headers, 'x-memory-space');
    case 'query':
      return queryValue(request.path, 'space');
    case 'body': {
      const field = findJsonField(request.body, 'memory_space_id');
      return field.kind === 'absent' ? undefined : field.kind === 'value' ? field.value : '';
    }
    default:
      return DEFAULT_SPACE;
  }
}

function headerValue(headers: HeaderList, name: string): string | undefined {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const key = headers[i] ?? '';
    if (key.length === name.length && key.toLowerCase() === name) return headers[i + 1];
  }
  return undefined;
}

/** First value of a query parameter, decoded; leaps over long values such as embeddings. */
function queryValue(target: string, name: string): string | undefined {
  const question = target.indexOf('?');
  for (let at = question; at >= 0; at = target.indexOf('&', at + 1)) {
    if (!target.startsWith(`${name}=`, at + 1)) continue;
    const start = at + 2 + name.length;
    const end = target.slice(start, start + 1024).search(/[&#]/);
    return percentDecode(target.slice(start, end < 0 ? start + 1024 : start + end));
  }
  return undefined;
}

function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return '';
  }
}

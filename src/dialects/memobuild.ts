import type { Dialect } from './dialect.ts';
import { genericOp, isGenericWrite, pathOnly } from './generic.ts';
import { isMiss } from './is-miss.ts';

/** The op of each kind of path, by method. */
const ROUTES: readonly { path: RegExp; ops: ReadonlyMap<string, string> }[] = [
  {
    path: /^\/cache\/[^/]+\/?$/,
    ops: new Map([
      ['HEAD', 'has'],
      ['GET', 'get'],
      ['PUT', 'put'],
    ]),
  },
  {
    path: /^\/cache\/layer\/[^/]+\/?$/,
    ops: new Map([
      ['HEAD', 'has_layer'],
      ['GET', 'get_layer'],
      ['PUT', 'put_layer'],
    ]),
  },
  {
    path: /^\/cache\/node\/[^/]+\/layers\/?$/,
    ops: new Map([
      ['GET', 'get_node_layers'],
      ['POST', 'register_node_layers'],
    ]),
  },
];
const LOOKUPS = ['has', 'get', 'has_layer', 'get_layer', 'get_node_layers'];
const NOT_FOUND = 404;

/** A build cache: artifacts, their layers, and which layers a node has; the rest is generic. */
export const memobuildDialect: Dialect = {
  name: 'memobuild',
  missStatus: new Map(LOOKUPS.map((op) => [op, NOT_FOUND])),
  describe: (request) => ({
    op:
      (request.protocol === 'http' ? cacheOp(request.method, request.path) : undefined) ?? genericOp(request),
    space: '',
  }),
  // Capture writes a miss as a success; traces of before, and NDJSON that says nothing, have a failure for each 404.
  translate(record) {
    const { op, outcome } = record;
    if (!outcome.ok && outcome.error === '') outcome.ok = isMiss(memobuildDialect, op, outcome.status);
    return record;
  },
  isWrite: isGenericWrite,
};

function cacheOp(method: string, target: string): string | undefined {
  const path = pathOnly(target).slice(0, 1024);
  return ROUTES.find((route) => route.path.test(path))?.ops.get(method);
}

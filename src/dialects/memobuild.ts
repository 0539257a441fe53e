import type { Dialect } from './dialect.ts';
import { genericOp, isGenericWrite, pathOnly } from './generic.ts';

const OPS = new Map([
  ['HEAD', 'has'],
  ['GET', 'get'],
  ['PUT', 'put'],
]);
const CACHE_PATH = /^\/cache\/[^/]+\/?$/;

/** A build cache: HEAD, GET and PUT of `/cache/:hash` are `has`, `get` and `put`; the rest is generic. */
export const memobuildDialect: Dialect = {
  name: 'memobuild',
  describe(request) {
    const op = request.protocol === 'http' ? OPS.get(request.method) : undefined;
    const known = op !== undefined && CACHE_PATH.test(pathOnly(request.path).slice(0, 1024));
    return { op: known ? op : genericOp(request), space: '' };
  },
  isWrite: isGenericWrite,
};

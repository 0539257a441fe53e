import type { Dialect } from '../dialects/dialect.ts';
import { DIALECT_NAMES, findDialect } from '../dialects/find-dialect.ts';
import type { Operation } from '../replay/ports.ts';
import type { RecordPredicate } from './run-options.ts';

/** The dialect a trace was named with; the generic one where this program does not know it. */
export function dialectOf(name: string): Dialect {
  return findDialect(DIALECT_NAMES.includes(name) ? name : 'generic');
}

/** `--only reads|writes`; undefined lets everything pass. */
export function onlyPredicate(
  only: 'reads' | 'writes' | undefined,
  dialect: Dialect,
): RecordPredicate | undefined {
  if (only === undefined) return undefined;
  const wantWrites = only === 'writes';
  return (record) => dialect.isWrite(record) === wantWrites;
}

/** Hits and misses of a build cache: `has` and `get` answered 2xx or 404. Other dialects know no cache. */
export function cacheResultOf(
  dialect: Dialect,
): ((operation: Operation) => 'hit' | 'miss' | undefined) | undefined {
  if (dialect.name !== 'memobuild') return undefined;
  return ({ record, outcome }) => {
    if (record.op !== 'has' && record.op !== 'get') return undefined;
    const status = outcome?.failure === undefined ? outcome?.status : undefined;
    if (status === undefined) return undefined;
    if (status >= 200 && status < 300) return 'hit';
    return status === 404 ? 'miss' : undefined;
  };
}

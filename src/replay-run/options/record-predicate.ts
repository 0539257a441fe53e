import type { Dialect } from '../../dialects/dialect.ts';
import { DIALECT_NAMES, findDialect } from '../../dialects/find-dialect.ts';
import { isMiss } from '../../dialects/is-miss.ts';
import type { Operation } from '../../replay/ports.ts';
import type { RecordPredicate } from '../../transforms/record-filter.ts';

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

/** Hits and misses where the dialect knows a cache: what looks something up, answered 2xx or as a miss. */
export function cacheResultOf(
  dialect: Dialect,
): ((operation: Operation) => 'hit' | 'miss' | undefined) | undefined {
  const { missStatus } = dialect;
  if (missStatus === undefined) return undefined;
  return ({ record: { op }, outcome }) => {
    const status = outcome?.failure === undefined ? outcome?.status : undefined;
    if (status === undefined || !missStatus.has(op)) return undefined;
    if (status >= 200 && status < 300) return 'hit';
    return isMiss(dialect, op, status) ? 'miss' : undefined;
  };
}

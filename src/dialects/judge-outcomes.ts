import type { TraceRecord } from '../trace/record/record.ts';
import type { Dialect } from './dialect.ts';
import { DIALECT_NAMES, findDialect } from './find-dialect.ts';
import { isMiss } from './is-miss.ts';

/**
 * The records of a trace, in the same batches, with misses of a cache as successes. Capture writes them so; traces of
 * before, and NDJSON that says nothing, have a failure for each 404.
 */
export function judgeOutcomes(
  dialectName: string,
  batches: AsyncIterable<TraceRecord[]>,
): AsyncIterable<TraceRecord[]> {
  if (!DIALECT_NAMES.includes(dialectName)) return batches;
  const dialect = findDialect(dialectName);
  return dialect.missStatus === undefined ? batches : judged(dialect, batches);
}

async function* judged(
  dialect: Dialect,
  batches: AsyncIterable<TraceRecord[]>,
): AsyncGenerator<TraceRecord[]> {
  for await (const batch of batches) {
    for (const { op, outcome } of batch) {
      if (!outcome.ok && outcome.error === '') outcome.ok = isMiss(dialect, op, outcome.status);
    }
    yield batch;
  }
}

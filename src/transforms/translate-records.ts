import { DIALECTS } from '../dialects/find-dialect.ts';
import type { TraceRecord } from '../trace/record/record.ts';
import { mapRecords } from './map-records.ts';

/** The records of a trace as its dialect takes them: a miss of a cache, for one, is no failure. */
export function translateRecords(
  dialectName: string,
  batches: AsyncIterable<TraceRecord[]>,
): AsyncIterable<TraceRecord[]> {
  const translate = DIALECTS.find(({ name }) => name === dialectName)?.translate;
  return translate === undefined ? batches : mapRecords(batches, translate);
}

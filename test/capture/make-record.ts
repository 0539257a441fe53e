import { emptyRecord, type TraceRecord } from '../../src/trace/record/record.ts';

/** A record with resting values where nothing is given. */
export function makeRecord(fields: Partial<TraceRecord> = {}): TraceRecord {
  return { ...emptyRecord(), durationNs: 1000, session: 's1', op: 'op', method: 'GET', path: '/', ...fields };
}

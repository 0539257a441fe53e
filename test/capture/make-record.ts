import { type TraceRecord, unknownOutcome } from '../../src/trace/record/record.ts';
import { makeRecord as recordAt } from '../support/make-record.ts';

/** A record as capture makes it, of a request that is over and whose outcome is not known. */
export function makeRecord(fields: Partial<TraceRecord> = {}): TraceRecord {
  return recordAt(0, { durationNs: 1000, session: 's1', outcome: unknownOutcome(), ...fields });
}

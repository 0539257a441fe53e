import { NO_BYTES, type TraceRecord, unknownOutcome } from '../../src/trace/record.ts';

/** A record with resting values where nothing is given. */
export function makeRecord(fields: Partial<TraceRecord> = {}): TraceRecord {
  return {
    startNs: 0,
    durationNs: 1000,
    session: 's1',
    op: 'op',
    space: '',
    protocol: 'http',
    method: 'GET',
    path: '/',
    headers: [],
    body: NO_BYTES,
    bodyCompressed: false,
    bodyBytesMissing: 0,
    deadlineNs: undefined,
    stream: undefined,
    outcome: unknownOutcome(),
    ...fields,
  };
}

import { emptyRecord, type TraceRecord, unknownOutcome } from '../../src/trace/record/record.ts';

/** A whole HTTP record that was answered with 200 and starts at `startNs`; `over` replaces what a test cares about. */
export function makeRecord(startNs = 0, over: Partial<TraceRecord> = {}): TraceRecord {
  return {
    ...emptyRecord(),
    startNs,
    session: 's',
    op: 'op',
    method: 'GET',
    path: '/',
    outcome: { ...unknownOutcome(), status: 200 },
    ...over,
  };
}

import type { TraceRecord } from './record.ts';

/** The error of an outcome whose request did not come whole: its client went away inside it, or capture had to cut it. */
export const REQUEST_INCOMPLETE = 'request_incomplete';

/** Whether bytes of a request are missing: what is left of it is not what the client wanted to send. */
export function isIncomplete(record: TraceRecord): boolean {
  return record.bodyBytesMissing > 0 || record.outcome.error === REQUEST_INCOMPLETE;
}

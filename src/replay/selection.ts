import type { TraceRecord } from '../trace/record.ts';
import { unplayableBy } from '../trace/unplayable.ts';
import { type Exclusion, emptyExcluded, type ReplayExcluded } from './exclusions.ts';

/** Decides which records of a trace become operations, and counts the others by reason. */
export interface Selection {
  readonly excluded: ReplayExcluded;
  takes(record: TraceRecord): boolean;
}

/** `only` is the user's choice; a record that can't be sent as it was, or has no target, never takes part. */
export function createSelection(
  only: ((record: TraceRecord) => boolean) | undefined,
  hasTarget: (record: TraceRecord) => boolean,
): Selection {
  const excluded = emptyExcluded();
  const reasonFor = (record: TraceRecord): Exclusion | undefined => {
    if (only !== undefined && !only(record)) return 'filtered_out';
    const unplayable = unplayableBy(record);
    if (unplayable !== undefined) return unplayable;
    if (isIncomplete(record)) return 'incomplete';
    return hasTarget(record) ? undefined : 'no_target';
  };
  const takes = (record: TraceRecord): boolean => {
    const reason = reasonFor(record);
    if (reason !== undefined) excluded[reason] += 1;
    return reason === undefined;
  };
  return { excluded, takes };
}

function isIncomplete(record: TraceRecord): boolean {
  return record.bodyBytesMissing > 0 || record.outcome.error === 'request_incomplete';
}

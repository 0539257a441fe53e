import type { TraceRecord } from '../trace/record.ts';
import type { ReplayExcluded } from './replay-end.ts';

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
  const excluded: ReplayExcluded = { incomplete: 0, noTarget: 0, filteredOut: 0 };
  const takes = (record: TraceRecord): boolean => {
    if (only !== undefined && !only(record)) excluded.filteredOut += 1;
    else if (isIncomplete(record)) excluded.incomplete += 1;
    else if (!hasTarget(record)) excluded.noTarget += 1;
    else return true;
    return false;
  };
  return { excluded, takes };
}

function isIncomplete(record: TraceRecord): boolean {
  return record.bodyBytesMissing > 0 || record.outcome.error === 'request_incomplete';
}

import { isIncomplete } from '../../trace/record/incomplete.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import { unplayableBy } from '../../trace/record/unplayable.ts';
import { type Danger, emptyLeftOut, type LeftOutByReason, type LeftOutReason } from '../left-out.ts';
import type { ReplayOptions } from '../replay-options.ts';

/** Decides which records of a trace become operations, and counts the others by reason. */
export interface Selection {
  readonly excluded: LeftOutByReason;
  /** Those that are `dangerous`, by what they are. */
  readonly dangers: ReadonlyMap<Danger, number>;
  takes(record: TraceRecord): boolean;
  /** The same, of a record that is another shard's to count. */
  wouldTake(record: TraceRecord): boolean;
}

/**
 * `only` is the user's choice; a record that can't be sent as it was, would end the target, or has no target, never
 * takes part.
 */
export function createSelection(
  { only, dangerOf }: Pick<ReplayOptions, 'only' | 'dangerOf'>,
  hasTarget: (record: TraceRecord) => boolean,
): Selection {
  const excluded = emptyLeftOut();
  const dangers = new Map<Danger, number>();
  const reasonFor = (record: TraceRecord): LeftOutReason | undefined => {
    if (only !== undefined && !only(record)) return 'filtered_out';
    const unplayable = unplayableBy(record);
    if (unplayable !== undefined) return unplayable;
    if (isIncomplete(record)) return 'incomplete';
    if (dangerOf?.(record) !== undefined) return 'dangerous';
    return hasTarget(record) ? undefined : 'no_target';
  };
  const takes = (record: TraceRecord): boolean => {
    const reason = reasonFor(record);
    if (reason !== undefined) excluded[reason] += 1;
    const danger = reason === 'dangerous' ? dangerOf?.(record) : undefined;
    if (danger !== undefined) dangers.set(danger, (dangers.get(danger) ?? 0) + 1);
    return reason === undefined;
  };
  return { excluded, dangers, takes, wouldTake: (record) => reasonFor(record) === undefined };
}

import type { TimeRangeFlags } from './time-range-flags.ts';

/** The flags of `cat`, for a trace and for a replay log. */
export interface CatFlags extends TimeRangeFlags {
  header: boolean;
  limit?: number;
  skipDamaged?: boolean;
}

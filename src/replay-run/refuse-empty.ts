import { EngramTraceError } from '../error.ts';
import { type LeftOutByReason, leftOutText, UNPLAYABLE } from '../replay/left-out.ts';
import type { NameCounts } from '../transforms/name-counts.ts';

/** How many of the records that were read a selection kept. */
export interface Selected {
  readonly traceName: string;
  /** Its records are made while they are read: they are in no file. */
  readonly isMade: boolean;
  readonly recordsRead: number;
  readonly planned: number;
  readonly excluded: LeftOutByReason;
  /** The ops of the records that are no part of the plan. */
  readonly leftOutOps: NameCounts;
}

/** Throws `empty` where nothing is left to send: which operations there are, and why none is sent. */
export function refuseEmpty({
  traceName,
  isMade,
  recordsRead,
  planned,
  excluded,
  leftOutOps,
}: Selected): void {
  if (planned > 0) return;
  // The document says what they were.
  if ([...UNPLAYABLE, 'dangerous' as const].some((reason) => excluded[reason] > 0)) return;
  if (recordsRead === 0) {
    throw new EngramTraceError('empty', `${traceName} has no records to replay`, {
      hint: isMade
        ? 'give it a longer --duration, or a higher --target-rate'
        : 'engram-trace inspect shows what is in it; --from and --to may lie outside',
    });
  }
  const message = `none of the ${recordsRead} records of ${traceName} can be sent: ${leftOutText(excluded)}`;
  throw new EngramTraceError('empty', message, { hint: `ops there are: ${leftOutOps.text()}` });
}

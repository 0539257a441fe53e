import { addLoss, emptyLoss, hasLoss } from '../../trace/record/record.ts';
import type { CaptureStats, CaptureSummary } from '../capture.ts';

const NO_STATS: CaptureStats = {
  connections: 0,
  openConnections: 0,
  unreachable: 0,
  gaveUp: 0,
  lastGaveUp: '',
  records: 0,
  recordsDropped: 0,
  bodiesTruncated: 0,
  connectionsUnfollowed: 0,
  bytesUnfollowed: 0,
  lastRefused: '',
  pendingBytes: 0,
  bufferedBytes: 0,
  segments: 0,
  bytesWritten: 0,
  blocksLost: 0,
  segmentsVanished: 0,
  lastWriteError: '',
  diskSilentMs: 0,
  relays: 0,
  relaysDied: 0,
};
/** Where one relay says how much, the most counts; everything else is added up. */
const MAXIMA: ReadonlySet<string> = new Set<keyof CaptureStats>(['diskSilentMs']);

/** Adds up what several relays count. Of their last words the first that there are stand for all. */
export function addStats(all: readonly CaptureStats[]): CaptureStats {
  return all.reduce(
    (sum, each) =>
      Object.fromEntries(
        Object.entries(sum).map(([key, value]) => [
          key,
          together(key, value, each[key as keyof CaptureStats]),
        ]),
      ) as unknown as CaptureStats,
    NO_STATS,
  );
}

function together(key: string, a: number | string, b: number | string): number | string {
  if (typeof a === 'string' || typeof b === 'string') return a || b;
  return MAXIMA.has(key) ? Math.max(a, b) : a + b;
}

/** What a relay that died counted, now that it has nothing any more. */
export function withoutPresent(stats: CaptureStats): CaptureStats {
  return { ...stats, openConnections: 0, pendingBytes: 0, bufferedBytes: 0, diskSilentMs: 0 };
}

/** Adds up how several relays ended; `died` is what those counted that did not end in order. */
export function addSummaries(
  ended: readonly CaptureSummary[],
  died: CaptureStats,
  isWhole: boolean,
): CaptureSummary {
  const untoldLoss = emptyLoss();
  for (const each of ended) addLoss(untoldLoss, each.untoldLoss);
  return {
    ...addStats([...ended, died]),
    untoldLoss,
    lossFile: ended
      .map(({ lossFile }) => lossFile)
      .filter((name) => name !== '')
      .join(', '),
    closedProperly: isWhole && !hasLoss(untoldLoss) && ended.every(({ closedProperly }) => closedProperly),
  };
}

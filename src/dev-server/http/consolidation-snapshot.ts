import type { MemorySpace } from '../store/memory-space.ts';
import { isoTimeOfMs } from './number-format.ts';

/** What the consolidation of one space came to; there is never a belief. */
export interface ConsolidationSnapshot {
  generated_at: string;
  beliefs: never[];
  stats: Readonly<Record<string, number | string | null>>;
}

/** The snapshots there are, and the clock for those to come. */
interface KnownSnapshots {
  readonly snapshots: WeakMap<MemorySpace, ConsolidationSnapshot>;
  /** Unix ms. */
  readonly wallMs: () => number;
}

/** The snapshot of a space: made when it is first asked for and the same ever after, since nothing consolidates. */
export function consolidationSnapshot(space: MemorySpace, known: KnownSnapshots): ConsolidationSnapshot {
  const kept = known.snapshots.get(space);
  if (kept) return kept;
  const snapshot = takeSnapshot(space.count > 0, isoTimeOfMs(known.wallMs()));
  known.snapshots.set(space, snapshot);
  return snapshot;
}

/** Over memories one replay is tried, and fails since all of them are too young. */
function takeSnapshot(hasMemories: boolean, now: string): ConsolidationSnapshot {
  const tries = hasMemories ? 1 : 0;
  return {
    generated_at: now,
    beliefs: [],
    stats: {
      total_replays: tries,
      successful_consolidations: 0,
      failed_consolidations: tries,
      average_replay_speed: 5 * tries,
      total_patterns_extracted: 0,
      avg_ripple_frequency: 200 * tries,
      avg_ripple_duration: 75 * tries,
      last_replay_timestamp: hasMemories ? now : null,
    },
  };
}

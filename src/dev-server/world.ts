import type { ActivityFeed } from './activity-feed.ts';
import { hash32 } from './faults/seeded.ts';
import type { ConsolidationSnapshot } from './http/consolidation-snapshot.ts';
import type { ArtifactCache } from './store/artifact-cache.ts';
import type { MemorySpace } from './store/memory-space.ts';
import type { MemoryStore } from './store/memory-store.ts';

/** What the handlers of both protocols share. */
export interface World {
  readonly store: MemoryStore;
  /** Of the build cache. */
  readonly artifacts: ArtifactCache;
  /** Tells what happens in the default space. */
  readonly feed: ActivityFeed;
  /** Consolidation of the spaces that were asked about. */
  readonly snapshots: WeakMap<MemorySpace, ConsolidationSnapshot>;
  readonly seed: number;
  /** Unix ms. */
  readonly wallMs: () => number;
  /** Observations accepted and, as in the real server, never stored. */
  observationsQueued: number;
  /** Runs of the health probes. */
  probeRuns: number;
  /** Operations begun since the start. */
  operations: number;
}

/** Observations the queue takes before it refuses. */
export const OBSERVATION_QUEUE_CAPACITY = 100_000;

/** `prefix` and eight hex digits that follow from the seed and the operation's number. */
export function generatedId(world: World, prefix: string, operation: number): string {
  return `${prefix}${hash32(world.seed, operation, 0).toString(16).padStart(8, '0')}`;
}

/** A version 4 UUID that follows from the seed and the operation's number. */
export function generatedUuid(world: World, operation: number): string {
  const hex = [0, 1, 2, 3]
    .map((draw) =>
      hash32(world.seed, operation, UUID_DRAW + draw)
        .toString(16)
        .padStart(8, '0'),
    )
    .join('');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** Far from the draws that decide about errors and latencies. */
const UUID_DRAW = 1 << 19;

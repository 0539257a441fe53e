import { hash32 } from './faults/seeded.ts';
import type { MemoryStore } from './store/memory-store.ts';

/** What the handlers of both protocols share. */
export interface World {
  readonly store: MemoryStore;
  readonly seed: number;
  /** Unix ms. */
  readonly wallMs: () => number;
  /** Observations accepted and, as in the real server, never stored. */
  observationsQueued: number;
  /** Operations begun since the start. */
  operations: number;
}

/** Observations the queue takes before it refuses. */
export const OBSERVATION_QUEUE_CAPACITY = 100_000;

/** `prefix` and eight hex digits that follow from the seed and the operation's number. */
export function generatedId(world: World, prefix: string, operation: number): string {
  return `${prefix}${hash32(world.seed, operation, 0).toString(16).padStart(8, '0')}`;
}

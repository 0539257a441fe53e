import { DEFAULT_SPACE } from '../../dialects/space-id.ts';
import type { Activity } from '../activity-feed.ts';
import { MemorySpace } from './memory-space.ts';

/** The real server's limit of memories in one space. */
export const SPACE_CAPACITY = 100_000;

/** All spaces. A well-formed unknown one comes into being when it is named. */
export interface MemoryStore {
  /** Creates it if need be. `id` is well-formed. */
  open(id: string): MemorySpace;
  find(id: string): MemorySpace | undefined;
  /** Sorted by id. */
  spaces(): MemorySpace[];
}

/** An empty store with the default space, whose activities it publishes; times are Unix ms. */
export function createMemoryStore(
  wallMs: () => number,
  capacity: number = SPACE_CAPACITY,
  publish: (activity: Activity) => void = () => undefined,
): MemoryStore {
  const spaces = new Map<string, MemorySpace>();
  const open = (id: string) => {
    const space =
      spaces.get(id) ?? new MemorySpace(id, wallMs(), capacity, id === DEFAULT_SPACE ? publish : undefined);
    spaces.set(id, space);
    return space;
  };
  open(DEFAULT_SPACE);
  return {
    open,
    find: (id) => spaces.get(id),
    spaces: () => [...spaces.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}

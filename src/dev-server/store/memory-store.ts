import { DEFAULT_SPACE } from '../../dialects/space-id.ts';
import type { Activity } from '../activity-feed.ts';
import { MemorySpace } from './memory-space.ts';

/** The real server's limit of memories in one space. */
export const SPACE_CAPACITY = 100_000;

export interface MemoryStoreOptions {
  /** Unix ms. */
  wallMs: () => number;
  /** Monotonic ns. */
  nowNs: () => number;
  /** How long the making of a space takes; nothing in it is answered before. */
  makeSpaceNs: number;
  /** Told of what happens in the default space. */
  publish?: (activity: Activity) => void;
  capacity?: number;
}

/** All spaces. A well-formed unknown one comes into being when it is named. */
export interface MemoryStore {
  /** Creates it if need be. `id` is well-formed. */
  open(id: string): MemorySpace;
  find(id: string): MemorySpace | undefined;
  /** Sorted by id. */
  spaces(): MemorySpace[];
  /** When the spaces that were opened or found since the last call are made, monotonic ns; 0 if none was. */
  takeReadyNs(): number;
}

/** An empty store with the default space, which is made. */
export function createMemoryStore(options: MemoryStoreOptions): MemoryStore {
  const { wallMs, nowNs, makeSpaceNs, publish, capacity = SPACE_CAPACITY } = options;
  const spaces = new Map<string, MemorySpace>();
  const madeNs = new Map<string, number>();
  let readyNs = 0;
  const touch = (id: string) => {
    readyNs = Math.max(readyNs, madeNs.get(id) ?? 0);
  };
  const make = (id: string) => {
    const space = new MemorySpace(id, wallMs(), capacity, id === DEFAULT_SPACE ? publish : undefined);
    spaces.set(id, space);
    if (makeSpaceNs > 0 && id !== DEFAULT_SPACE) madeNs.set(id, nowNs() + makeSpaceNs);
    return space;
  };
  make(DEFAULT_SPACE);
  return {
    open(id) {
      const space = spaces.get(id) ?? make(id);
      touch(id);
      return space;
    },
    find(id) {
      touch(id);
      return spaces.get(id);
    },
    spaces: () => [...spaces.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    takeReadyNs() {
      const taken = readyNs;
      readyNs = 0;
      return taken;
    },
  };
}

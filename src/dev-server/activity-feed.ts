import type { Recalled, StoredMemory } from './store/stored-memory.ts';

/** What happened in the default space, as the event streams tell it. */
export type Activity =
  | { kind: 'stored'; memory: StoredMemory }
  | { kind: 'recalled'; found: readonly Recalled[] };

/** Tells whoever subscribed what happened. */
export interface ActivityFeed {
  publish(activity: Activity): void;
  /** Returns what ends the subscription. */
  subscribe(listener: (activity: Activity) => void): () => void;
}

/** Makes a feed that nobody listens to yet. */
export function createActivityFeed(): ActivityFeed {
  const listeners = new Set<(activity: Activity) => void>();
  return {
    publish(activity) {
      for (const listener of listeners) listener(activity);
    },
    subscribe(listener) {
      // Wrapped, so that the same function twice is two subscriptions.
      const own = (activity: Activity) => listener(activity);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
  };
}

import type { WatchTarget } from './watch-target.ts';
import type { Watched, WatchFailure } from './watcher.ts';

/** What the thread that watches starts with. */
export interface WatchWork {
  readonly targets: readonly WatchTarget[];
  readonly cpus: number;
}

/** What one target gave, and how many series of it were one too many. */
export type WatchedTarget = Watched & { readonly leftOut: number };

/** What the thread tells: once why first readings failed, in the order of the targets, and once what there was. */
export type FromWatch =
  | { readonly kind: 'ready'; readonly failed: readonly (WatchFailure | undefined)[] }
  | { readonly kind: 'ended'; readonly watched: readonly WatchedTarget[] };

import type { EncodedBlock } from '../trace/block-builder.ts';
import type { SegmentOptions, SegmentStats } from './segment-writer.ts';

/** What the worker is started with. */
export interface WorkerStart {
  readonly directory: string;
  readonly options: SegmentOptions;
  readonly nowNs: number;
}

/** To the worker, handled one after the other. */
export type ToWorker =
  | { readonly kind: 'block'; readonly block: EncodedBlock; readonly nowNs: number }
  | { readonly kind: 'tick'; readonly nowNs: number }
  | { readonly kind: 'finish'; readonly nowNs: number };

/** From the worker. `ready` comes first, one `block` for each block in their order, `finished` last. */
export type FromWorker =
  | {
      readonly kind: 'ready';
      readonly error: { readonly code: string; readonly message: string } | undefined;
    }
  | { readonly kind: 'block'; readonly written: boolean; readonly stats: SegmentStats }
  | { readonly kind: 'stats'; readonly stats: SegmentStats }
  | { readonly kind: 'finished'; readonly stats: SegmentStats };

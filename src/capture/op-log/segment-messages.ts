import type { EncodedBlock } from '../../trace/block/block-builder.ts';
import type { Loss } from '../../trace/record/record.ts';
import type { SegmentStats } from './segment-stats.ts';
import type { SegmentOptions } from './segment-writer.ts';

/** What the worker needs to start. */
export interface WorkerStart {
  readonly directory: string;
  readonly options: SegmentOptions;
  readonly nowNs: number;
  /** Program of the disk process; for tests. */
  readonly diskEntry: string | undefined;
}

/** The messages to the worker, which handles them one after the other. */
export type ToWorker =
  | { readonly kind: 'block'; readonly block: EncodedBlock; readonly nowNs: number }
  | { readonly kind: 'tick'; readonly nowNs: number; readonly untold: Loss }
  | { readonly kind: 'finish'; readonly nowNs: number; readonly untold: Loss };

/** Why the worker could not start. */
export interface StartError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

/**
 * The messages of the worker: one `block` for each block in their order, one `ticked` for each tick, `finished` last.
 */
export type FromWorker =
  | {
      readonly kind: 'ready';
      readonly error: StartError | undefined;
    }
  | { readonly kind: 'block'; readonly written: boolean; readonly stats: SegmentStats }
  /** The process that calls the file system; undefined when it is gone. */
  | { readonly kind: 'disk'; readonly pid: number | undefined }
  | { readonly kind: 'ticked'; readonly stats: SegmentStats }
  | { readonly kind: 'finished'; readonly stats: SegmentStats };

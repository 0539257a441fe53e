import type { PlanDigest } from '../../replay/plan/plan-digest.ts';
import type { OpenSource } from '../../replay/plan/plan-reader.ts';
import type { PlanWatch } from '../../replay/plan/plan-watch.ts';
import type { Clock } from '../../replay/ports.ts';
import type { LogBlockMessage } from '../../replay-log/log-block.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import type { LostObserver } from './lost-operations.ts';
import type { WholeRecorder } from './whole-recorder.ts';

/** What becomes of the rows that shards write for the replay log. */
export interface ShardedLog {
  /** `written` gets the block's memory back. */
  append(block: LogBlockMessage, written: (memory: ArrayBuffer) => void): void;
  /** Takes what only the reader of the plan can say of a shard that died. */
  readonly lost: LostObserver;
}

export interface ShardedReplayDeps {
  clock: Clock;
  /** Adds up what the shards count. */
  recorder: WholeRecorder;
  log?: ShardedLog | undefined;
  digest?: PlanDigest | undefined;
  /** See `PlanReaderDeps`. */
  openStarts?: OpenSource | undefined;
  watch?: PlanWatch | undefined;
  /** See `PlanReaderDeps`. */
  onLeftOut?: ((record: TraceRecord) => void) | undefined;
  /** The shards play clients: the source has their first operations, and those due from then on are left out. */
  clients?: { readonly durationNs: number } | undefined;
  /** Whether somebody sends this record; without it, somebody does. */
  hasTarget?: ((record: TraceRecord) => boolean) | undefined;
  /** Number in its trace file of the record that was read as that one; the same number where undefined. */
  recordNumber?: ((number: number) => number) | undefined;
}

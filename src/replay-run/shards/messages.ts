import type { ReplayEnd } from '../../replay/engine/replay-end.ts';
import type { ReplayOptions } from '../../replay/replay-options.ts';
import type { LogBlockMessage } from '../../replay-log/log-block.ts';
import type { ArrivalBatch } from '../../results/arrivals/arrival-collector.ts';
import type { GeneratorHealth } from '../../results/health/generator-health.ts';
import type { TallyPart } from '../../results/tally/tally-part.ts';
import type { Protocol } from '../../trace/record/record.ts';
import type { FirstSessions } from '../source/first-sessions.ts';
import type { TargetAddressUse } from '../target/target-address-use.ts';
import type { OpenRows } from './open-rows.ts';
import type { RecordBatch } from './record-batch.ts';

/** Options of a shard's engine: its share of the limits, and nothing that only whoever reads the plan needs. */
export type ShardOptions = Omit<ReplayOptions, 'only' | 'dangerOf' | 'signal'>;

/** What the thread that reads the plan tells a shard. All of it can be posted to a thread. */
export type ToShard =
  /** Operations of these protocols will come. */
  | { readonly kind: 'prepare'; readonly protocols: readonly Protocol[] }
  /** Open connections; answered by `warm`. */
  | { readonly kind: 'warm_up'; readonly timeoutMs: number; readonly sessions: FirstSessions | undefined }
  /** The anchor, in ns on the common clock. */
  | { readonly kind: 'start'; readonly anchorNs: number }
  | { readonly kind: 'batch'; readonly batch: RecordBatch }
  /** Memory of a block of the replay log that is written. */
  | { readonly kind: 'memory'; readonly memory: ArrayBuffer }
  /** There are no more batches. */
  | { readonly kind: 'end' }
  /** Send nothing more. */
  | { readonly kind: 'stop' }
  /** After `ended`: close connections and leave. */
  | { readonly kind: 'close' };

/** An error as it can be posted: a class does not survive that. */
export interface PlainError {
  readonly message: string;
  readonly where: string | undefined;
  readonly hint: string | undefined;
}

/** What was added in a shard since it told the last time. */
export interface ShardNews {
  readonly tally: TallyPart;
  readonly arrivals: ArrivalBatch;
  /** Operations that were settled, by their place in the shard's own plan. */
  readonly settled: Uint32Array<ArrayBuffer>;
  /** The operations that are on their way now: what is known of them should the shard die. */
  readonly open: OpenRows;
  /** Rows of those settled, where there is a replay log. */
  readonly log: readonly LogBlockMessage[];
}

/** What a shard tells. */
export type FromShard =
  | { readonly kind: 'warm'; readonly errors: readonly PlainError[] }
  /** A batch went into the engine: there is room for another. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'news'; readonly news: ShardNews }
  /** The engine stopped on its own account, and is draining. */
  | { readonly kind: 'stopped' }
  /** Everything is settled and told. */
  | {
      readonly kind: 'ended';
      readonly end: ReplayEnd;
      readonly health: GeneratorHealth;
      readonly addressUse: readonly TargetAddressUse[];
    };

/** A shard as the thread that reads the plan sees it. */
export interface ShardLink {
  post(message: ToShard): void;
  /** Ends it at once, whatever it does. Resolves when it is gone. */
  terminate(): Promise<void>;
}

/** Hears a shard. */
export interface ShardListener {
  message(message: FromShard): void;
  /** It is gone; `why` is for people. Also called when it left properly. */
  gone(why: string): void;
}

/** Starts shard `number`. */
export type OpenShard = (number: number, options: ShardOptions, listener: ShardListener) => ShardLink;

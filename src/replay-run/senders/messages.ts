import type { ReplayEnd } from '../../replay/engine/replay-end.ts';
import type { ReplayOptions } from '../../replay/replay-options.ts';
import type { GeneratorHealth } from '../../results/generator-health.ts';
import type { Protocol } from '../../trace/record/record.ts';
import type { FirstSessions } from '../source/first-sessions.ts';
import type { TargetAddressUse } from '../target/target-address-use.ts';
import type { EventChunk } from './event-columns.ts';
import type { RecordBatch } from './record-batch.ts';

/** Options of a sender's engine: its share of the limits, and nothing that only whoever reads the plan needs. */
export type SenderOptions = Omit<ReplayOptions, 'only' | 'dangerOf' | 'signal'>;

/** What the thread that reads the plan tells a sender. All of it can be posted to a thread. */
export type ToSender =
  /** Operations of these protocols will come. */
  | { readonly kind: 'prepare'; readonly protocols: readonly Protocol[] }
  /** Open connections; answered by `warm`. */
  | { readonly kind: 'warm_up'; readonly timeoutMs: number; readonly sessions: FirstSessions | undefined }
  /** The anchor, in ns on the common clock. */
  | { readonly kind: 'start'; readonly anchorNs: number }
  | { readonly kind: 'batch'; readonly batch: RecordBatch }
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

/** What a sender tells. */
export type FromSender =
  | { readonly kind: 'warm'; readonly errors: readonly PlainError[] }
  /** A batch went into the engine: there is room for another. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'events'; readonly chunk: EventChunk }
  /** The engine stopped on its own account, and is draining. */
  | { readonly kind: 'stopped' }
  /** Everything is settled and told. */
  | {
      readonly kind: 'ended';
      readonly end: ReplayEnd;
      readonly health: GeneratorHealth;
      readonly addressUse: readonly TargetAddressUse[];
    };

/** A sender as the thread that reads the plan sees it. */
export interface SenderLink {
  post(message: ToSender): void;
  /** Ends it at once, whatever it does. Resolves when it is gone. */
  terminate(): Promise<void>;
}

/** Hears a sender. */
export interface SenderListener {
  message(message: FromSender): void;
  /** It is gone; `why` is for people. Also called when it left properly. */
  gone(why: string): void;
}

/** Starts sender `number`. */
export type OpenSender = (number: number, options: SenderOptions, listener: SenderListener) => SenderLink;

import type { EngramTraceError } from '../../error.ts';
import type { Loss } from '../../trace/record/record.ts';
import type { CaptureStats, CaptureSummary, ListenerKind } from '../capture.ts';
import type { ClockMoment } from '../capture-clock.ts';
import type { EndedRun } from '../op-log/loss-file.ts';
import type { RelaySettings } from './relay-settings.ts';

/** What a relay process needs to start. */
export interface RelayStart {
  readonly settings: RelaySettings;
  readonly runId: string;
  readonly clock: ClockMoment;
  readonly ended: readonly EndedRun[];
}

/** The messages to a relay process. With a `connection` comes the socket. */
export type ToRelay =
  | { readonly kind: 'start'; readonly start: RelayStart }
  | { readonly kind: 'connection'; readonly listener: ListenerKind }
  | { readonly kind: 'close' };

/** How many connections a relay has taken over so far, and how many of them are open. */
export interface RelayLoad {
  readonly taken: number;
  readonly open: number;
}

/** What a relay tells of itself, again and again. */
export interface RelayStatus {
  readonly stats: CaptureStats;
  readonly load: RelayLoad;
  readonly untoldLoss: Loss;
  /** Troubles of connections since it told last, and how often each came. */
  readonly troubles: readonly (readonly [text: string, count: number])[];
}

/** An error as it crosses from one process to another. */
export type SentError = Pick<EngramTraceError, 'code' | 'message' | 'where' | 'hint'>;

/** The messages of a relay process: `ready` or `failed` first, `closed` last. */
export type FromRelay =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly error: SentError }
  | { readonly kind: 'load'; readonly load: RelayLoad }
  | { readonly kind: 'status'; readonly status: RelayStatus }
  | { readonly kind: 'warning'; readonly text: string }
  | { readonly kind: 'closed'; readonly summary: CaptureSummary };

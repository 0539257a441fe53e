import type { Dialect } from '../../dialects/dialect.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import type { UPSTREAM_REFUSED } from '../../trace/record/unplayable.ts';
import type { Budget } from '../memory/byte-budget.ts';
import type { Redactor } from '../redact/redactor.ts';

/** Why a connection ended while something was in flight; becomes the outcome's error. */
export type ConnectionEnd =
  | 'client_aborted'
  | 'upstream_unreachable'
  | 'upstream_reset'
  | 'incomplete' // the server closed in the middle of an answer, or before it
  | 'bad_response' // what the server sent is no answer of the protocol
  | 'not_followed' // what the client sent, or all that the server sent, could not be read any further
  | typeof UPSTREAM_REFUSED
  | 'capture_stopped';

/**
 * Watches one connection: gets a look at what goes through, after it went. A chunk is good only until the call returns:
 * its memory is read into again. All times in ns from the epoch.
 * A tap may throw (`guardTap` contains it) and may give up; the traffic never notices.
 */
export interface Tap {
  fromClient(chunk: Buffer, atNs: number): void;
  fromServer(chunk: Buffer, atNs: number): void;
  /** The server has closed its direction properly. */
  serverEnded(atNs: number): void;
  /** The connection is over; called once, last. */
  closed(end: ConnectionEnd, atNs: number): void;
  /** Gives back what a tap that failed holds; nothing is said to it any more. */
  release?(): void;
  /** Nothing is in flight, as far as the tap can tell. */
  readonly idle: boolean;
}

/** Takes the records and losses that the taps found. It never throws and never waits. Bodies are good until it returns. */
export interface RecordSink {
  /** `truncatedBytes`: request bytes that were seen and left out of the record by a limit of ours. */
  add(record: TraceRecord, truncatedBytes: number): void;
  /** Operations seen that make no record. */
  drop(count: number): void;
  /** Bytes of clients that nobody can tell operations in; `connections`: as many begin to be so with them. */
  unfollowed(connections: number, bytes: number): void;
}

/** What all taps of one capture share. */
export interface TapContext {
  readonly sink: RecordSink;
  readonly dialect: Dialect;
  readonly redactor: Redactor;
  /** The budget that everything capture holds is taken from, over all connections. */
  readonly budget: Budget;
  readonly maxBodyBytes: number;
  readonly keepResponses: boolean;
  /** A tap could not follow its connection any further, for this reason. */
  readonly onGaveUp: (reason: string) => void;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * Contains a tap: the first error ends it, is reported and counts one lost operation, and what the client sends from then
 * on is told as not followed; the relay goes on.
 */
export function guardTap(tap: Tap, context: TapContext): Tap {
  let alive = true;
  let isTold = false;
  const unread = (bytes: number): void => {
    context.sink.unfollowed(isTold ? 0 : 1, bytes);
    isTold = true;
  };
  const onFailed = (thrown: unknown): void => {
    alive = false;
    tap.release?.();
    context.sink.drop(1);
    context.onGaveUp(messageOf(thrown));
  };
  const guarded = (call: () => void): void => {
    if (!alive) return;
    try {
      call();
    } catch (thrown) {
      onFailed(thrown);
    }
  };
  return {
    // For each chunk: no closure.
    fromClient(chunk, atNs) {
      if (!alive) unread(chunk.length);
      else
        try {
          tap.fromClient(chunk, atNs);
        } catch (thrown) {
          onFailed(thrown);
        }
    },
    fromServer(chunk, atNs) {
      if (!alive) return;
      try {
        tap.fromServer(chunk, atNs);
      } catch (thrown) {
        onFailed(thrown);
      }
    },
    serverEnded: (atNs) => guarded(() => tap.serverEnded(atNs)),
    closed: (end, atNs) => guarded(() => tap.closed(end, atNs)),
    get idle() {
      return alive && tap.idle;
    },
  };
}

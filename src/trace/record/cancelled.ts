import type { TraceRecord } from './record.ts';

/** The outcome's error of an operation that its client ended before the answer was whole, HTTP and gRPC alike. */
export const CLIENT_ABORTED = 'client_aborted';
/** The recording ended while the answer was still coming: nobody knows how long it would have gone on. */
const CAPTURE_STOPPED = 'capture_stopped';

/** Says whether the recorded client cancelled it: hung up, or reset the call, before the answer was whole. */
export function isCancelled({ outcome, stream }: TraceRecord): boolean {
  return outcome.error === CLIENT_ABORTED || stream?.cancelNs !== undefined;
}

/**
 * Says whether it went as its client wanted: answered well, or cancelled by the client while nothing was wrong yet, which
 * is how a replay counts it.
 */
export function hasSucceeded(record: TraceRecord): boolean {
  const { ok, status } = record.outcome;
  if (ok || !isCancelled(record)) return ok;
  return record.protocol === 'grpc' || status === undefined || status < 400;
}

/**
 * How long after its start the client has to hang up, in ns, because no answer's end was recorded: where the client
 * cancelled it, and where the recording stopped. Undefined for what ends with its answer.
 */
export function hangUpNs({ outcome, stream, durationNs }: TraceRecord): number | undefined {
  if (stream?.cancelNs !== undefined) return stream.cancelNs;
  if (outcome.error === CLIENT_ABORTED || outcome.error === CAPTURE_STOPPED) return durationNs;
  // A stream that just stopped (its connection broke) would stay open for good if nobody hung up.
  const isOpenEnded =
    stream !== undefined && stream.halfCloseNs === undefined && outcome.status === undefined;
  return isOpenEnded ? durationNs : undefined;
}

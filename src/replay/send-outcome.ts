import type { FailureCode, SendOutcome } from './ports.ts';

/** The outcome of an operation that got no answer. */
export function failedSend(failure: FailureCode, detail: string): SendOutcome {
  return { status: undefined, ok: false, failure, detail, responseBytes: 0 };
}

/**
 * We ended it where the recorded client did: that is its proper end, whatever part of an answer had come. A refusal that
 * had come is one.
 */
export function cancelledAsRecorded(outcome: SendOutcome, isGrpc: boolean): SendOutcome {
  if (outcome.failure !== 'cancelled') return outcome;
  const status = isGrpc ? GRPC_CANCELLED : outcome.status;
  const ok = isGrpc || status === undefined || status < 400;
  return { ...outcome, status, ok, failure: undefined, detail: 'cancelled as recorded', isCancelled: true };
}

const GRPC_CANCELLED = 1;

/**
 * A transport only knows that we gave up, and how far it had come; that it was for want of an answer in time is ours
 * to say.
 */
export function timedOutSend(outcome: SendOutcome, timeoutNs: number): SendOutcome {
  if (outcome.failure !== 'cancelled') return outcome;
  const limit = `no whole answer within ${timeoutNs / 1e6} ms`;
  const detail = outcome.detail === '' ? limit : `${limit}: ${outcome.detail}`;
  return { ...outcome, ok: false, failure: 'timeout', detail };
}

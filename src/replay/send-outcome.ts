import type { FailureCode, SendOutcome } from './ports.ts';

/** The outcome of an operation that got no answer. */
export function failedSend(failure: FailureCode, detail: string): SendOutcome {
  return { status: undefined, ok: false, failure, detail, responseBytes: 0 };
}

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

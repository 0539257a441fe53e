import type { FailureCode, SendOutcome } from './ports.ts';

/** The outcome of an operation that got no answer. */
export function failedSend(failure: FailureCode, detail: string): SendOutcome {
  return { status: undefined, ok: false, failure, detail, responseBytes: 0 };
}

/** A transport only knows that we gave up; that it was for want of an answer in time is ours to say. */
export function timedOutSend(outcome: SendOutcome, timeoutNs: number): SendOutcome {
  if (outcome.failure !== 'cancelled') return outcome;
  return {
    ...outcome,
    ok: false,
    failure: 'timeout',
    detail: `no whole answer within ${timeoutNs / 1e6} ms`,
  };
}

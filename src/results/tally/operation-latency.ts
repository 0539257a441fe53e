import type { Disposition, Operation, SendOutcome } from '../../replay/ports.ts';
import type { OpMetrics } from './op-metrics.ts';

/**
 * Tells whether the time that an operation took says nothing of the server: it was cancelled as recorded, or its answer
 * is endless.
 */
export function hasNoDuration(outcome: SendOutcome | undefined): boolean {
  return outcome !== undefined && (outcome.isCancelled === true || outcome.endless !== undefined);
}

/**
 * From due to done, or in a closed loop from sent to done: what a client that waits for its answers was not there to
 * send is in no time. Undefined for an operation that failed without an answer and without a wait, or has no duration.
 */
export function responseTimeNs(
  operation: Operation,
  disposition: Disposition,
  isClosedLoop = false,
): number | undefined {
  const { outcome, doneNs, dueNs, sentNs } = operation;
  if (doneNs === undefined || hasNoDuration(outcome)) return undefined;
  const answered = sentNs !== undefined && outcome !== undefined && outcome.failure === undefined;
  // Also where no byte of it left: a wait for a connection is a wait.
  const givenUp = disposition === 'cut_off' || outcome?.failure === 'timeout';
  if (!answered && !givenUp) return undefined;
  return doneNs - (isClosedLoop ? (sentNs ?? dueNs) : dueNs);
}

/** Records when the answer began of an operation without a duration: that is the server's doing all the same. */
export function recordFirstAnswer(metrics: OpMetrics, { firstAnswerNs, sentNs }: Operation): void {
  if (firstAnswerNs !== undefined && sentNs !== undefined) metrics.firstAnswer.record(firstAnswerNs - sentNs);
}

export function recordLatencies(metrics: OpMetrics, operation: Operation, responseNs: number): void {
  const { doneNs, sentNs, firstAnswerNs, record } = operation;
  metrics.response.record(responseNs);
  if (sentNs === undefined || doneNs === undefined) return;
  metrics.service.record(doneNs - sentNs);
  if (firstAnswerNs !== undefined) metrics.firstAnswer.record(firstAnswerNs - sentNs);
  if (record.durationNs !== undefined) metrics.recorded.record(record.durationNs);
}

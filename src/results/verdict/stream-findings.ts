import type { ResultsRecorder } from '../tally/results-recorder.ts';
import { FIDELITY_LIMITS as LIMITS } from './fidelity-limits.ts';
import { aboveLimit, type Finding } from './verdict.ts';

const MS = 1e6;

/**
 * Finds what the messages inside streams take from the verdict. That is never more than `degraded`: a server that
 * closes its window holds them back too, and a generator that stands still is found by its event loop and by the
 * operations.
 */
export function streamFindings({ overall, streams }: ResultsRecorder): Finding[] {
  const lateness = overall.stream?.messageLateness;
  const share = streams.planned > 0 ? streams.unsent / streams.planned : undefined;
  return [
    ...aboveLimit(
      lateness?.percentileNs(99),
      LIMITS.messageLatenessP99Ns,
      'stream_message_late_p99',
      'ms by which messages left late inside their streams, 99th percentile',
      MS,
    ),
    ...aboveLimit(
      lateness?.percentileNs(50),
      LIMITS.messageLatenessP50Ns,
      'stream_message_late_p50',
      'ms by which messages left late inside their streams, median',
      MS,
    ),
    ...aboveLimit(
      share,
      LIMITS.messagesUnsentShare,
      'stream_messages_unsent',
      'share of the messages of streams that never left: the target was offered less than planned',
    ),
  ];
}

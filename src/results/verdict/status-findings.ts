import type { ReplayEnd } from '../../replay/engine/replay-end.ts';
import type { StatusChange } from '../answers/status-comparison.ts';
import type { ResultsRecorder } from '../tally/results-recorder.ts';
import { FIDELITY_LIMITS as LIMITS } from './fidelity-limits.ts';
import { aboveLimit, type Finding, finding, type Limits } from './verdict.ts';

/** What tells whether anything succeeded. */
interface Failing {
  readonly recorder: Pick<ResultsRecorder, 'overall' | 'answered'>;
  readonly end: Pick<ReplayEnd, 'accounting'>;
  readonly expectedMismatch: number;
}

/**
 * Answers of another class than recorded: the server took another path than it took then, and the numbers are about
 * that one. `expected` is the share that somebody said is fine.
 */
export function statusFindings(
  { overall, cacheKnown }: Pick<ResultsRecorder, 'overall' | 'cacheKnown'>,
  expected: number,
): Finding[] {
  const { mismatchShare, mismatches, changes } = overall.statuses;
  const [most] = changes;
  if (most === undefined) return [];
  const message =
    'share of operations whose answer is of another status class than the recorded one ' +
    `(most often ${most.replayed} for ${most.recorded}): the numbers are about another path of the server. ` +
    whyOf(most, cacheKnown);
  return aboveLimit(mismatchShare, mismatchLimits(mismatches, expected), 'status_mismatch', message);
}

/**
 * There were answers and nothing succeeded, and no recorded answer shows that nothing did then: a target that refuses
 * everything does it fast, and the numbers look good. Without any answer the command fails by itself.
 */
export function failureFindings({ end, recorder, expectedMismatch }: Failing): Finding[] {
  const { ok, errors } = end.accounting;
  const { compared, mismatches } = recorder.overall.statuses;
  if (recorder.answered === 0 || ok > 0 || compared > mismatches || expectedMismatch >= 1) return [];
  const message = 'operations failed, and none succeeded: the numbers are about failures alone';
  return [finding('invalid', 'nothing_succeeded', message, errors, 0)];
}

/**
 * Sets the limits for other answers than recorded. One operation alone is never a pattern: it degrades, however few
 * there are, and does not void.
 */
function mismatchLimits(mismatches: number, expected: number): Limits {
  const { degraded, invalid } = LIMITS.statusMismatchShare;
  const raised = { degraded: Math.max(degraded, expected) };
  return mismatches > 1 ? { ...raised, invalid: Math.max(invalid, expected) } : raised;
}

function whyOf({ replayed }: StatusChange, isCache: boolean): string {
  switch (replayed) {
    case '4xx':
    case 'client_error':
      return isCache
        ? 'A cache that is not filled first misses what the recorded one had'
        : 'A fresh server knows none of the recorded ids and data, nor credentials that were redacted: ' +
            'load its data first, or give what is missing with -H';
    case '5xx':
    case 'server_error':
    case 'none':
      return 'The target fails where the recorded server did not: see errors, or try a lower --rate-multiplier';
    default:
      return 'The target holds other data, or is another version, than the recorded server';
  }
}

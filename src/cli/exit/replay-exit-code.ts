import { isUnanswered } from '../../results/document/is-unanswered.ts';
import type { ResultsDocument } from '../../results/document/results-document.ts';
import { EXIT, exitCodeOfSignal } from './exit-code.ts';

/**
 * Exit code of a replay. A signal comes before a failed run, that before a replay that can't be trusted, and that before
 * limits that were not held: what can't be trusted is not judged.
 */
export function replayExitCode(
  document: Pick<ResultsDocument, 'summary' | 'fidelity' | 'checks'>,
  signal: NodeJS.Signals | undefined,
): number {
  const { stop } = document.summary;
  if (signal !== undefined) return exitCodeOfSignal(signal);
  if (stop === 'source_error') return EXIT.failed;
  if (stop === 'sender_died') return EXIT.invalidReplay;
  if (isUnanswered(document)) return EXIT.failed;
  if (document.fidelity.verdict === 'invalid') return EXIT.invalidReplay;
  return document.checks.every(({ pass }) => pass) ? EXIT.ok : EXIT.limitsNotMet;
}

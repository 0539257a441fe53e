import { isUnanswered } from '../../results/document/is-unanswered.ts';
import type { CheckEntry, ResultsDocument } from '../../results/document/results-document.ts';
import { EXIT, exitCodeOfSignal } from './exit-code.ts';

/** How much has to be shown. */
export interface Strictness {
  /** What is to be looked into is not held. */
  strict?: boolean | undefined;
  /** The limits count also where the run was not valid. */
  judgeAnyway?: boolean | undefined;
}

/**
 * Exit code of a replay. A signal comes before a failed run, that before a replay that can't be trusted, and that before
 * limits that were not held: what can't be trusted is not judged.
 */
export function replayExitCode(
  document: Pick<ResultsDocument, 'summary' | 'fidelity' | 'checks'>,
  signal: NodeJS.Signals | undefined,
  { strict, judgeAnyway }: Strictness = {},
): number {
  const { stop } = document.summary;
  if (signal !== undefined) return exitCodeOfSignal(signal);
  if (stop === 'source_error') return EXIT.failed;
  if (stop === 'sender_died') return EXIT.invalidReplay;
  if (isUnanswered(document)) return EXIT.failed;
  if (document.fidelity.verdict === 'invalid' && !judgeAnyway) return EXIT.invalidReplay;
  return document.checks.some((check) => isBroken(check, strict)) ? EXIT.limitsNotMet : EXIT.ok;
}

function isBroken({ pass, status, required }: CheckEntry, isStrict = false): boolean {
  if (status === 'INVESTIGATE') return isStrict;
  return !pass && (status !== 'not judged' || required === true);
}

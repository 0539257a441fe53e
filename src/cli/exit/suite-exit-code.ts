import type { SuiteDocument } from '../../suite/suite-document.ts';
import { EXIT, exitCodeOfSignal } from './exit-code.ts';
import { replayExitCode, type Strictness } from './replay-exit-code.ts';

/** The worst first: a run that could not be measured, one that can't be trusted, one that did not hold its limits. */
const WORST_FIRST: readonly number[] = [EXIT.failed, EXIT.invalidReplay, EXIT.limitsNotMet];

/** Exit code of a suite: that of its worst run, as `replayExitCode` has it; a signal comes before them all. */
export function suiteExitCode(
  { runs }: Pick<SuiteDocument, 'runs'>,
  signal: NodeJS.Signals | undefined,
  strictness: Strictness = {},
): number {
  if (signal !== undefined) return exitCodeOfSignal(signal);
  const codes = runs.map(({ status, results }) => {
    if (status === 'failed') return EXIT.failed;
    return results === null ? EXIT.ok : replayExitCode(results, undefined, strictness);
  });
  return WORST_FIRST.find((code) => codes.includes(code)) ?? EXIT.ok;
}

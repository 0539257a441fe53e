import { playTrace } from '../../library/run-replay.ts';
import type { RunDeps, RunOptions } from '../../replay-run/options/run-options.ts';
import type { ResultsDocument } from '../../results/document/results-document.ts';
import { printWarning } from '../output/warnings.ts';
import { tell } from '../people/people.ts';
import { createProgress } from '../people/progress.ts';
import { createRunShow } from '../people/run-show.ts';
import { preparingText, progressText } from '../text/replay-text.ts';

/** What is done to the target before the replay, with what the document is to tell of it. */
export type BeforeReplay = (
  run: RunOptions,
  during: Pick<RunDeps, 'signal' | 'onStart'>,
) => Promise<Pick<RunOptions, 'preload' | 'prepared'>>;

/** What a run is played beside. */
export interface Beside extends Pick<RunDeps, 'signal' | 'openReplayLog' | 'judge'> {
  quiet?: boolean | undefined;
}

/** Plays a run, after what comes before it, with a line of progress. */
export async function playShown(
  run: RunOptions,
  before: BeforeReplay,
  { quiet, signal, openReplayLog, judge }: Beside,
): Promise<ResultsDocument> {
  const shown = createRunShow(await createProgress({ quiet }), progressText);
  try {
    const done = await before(run, { signal, onStart: shown.start });
    return await playTrace(run.trace, run, {
      ...run,
      ...done,
      warn: printWarning,
      signal,
      onPrepare: (spaces) => {
        if (!quiet) tell(preparingText(spaces));
      },
      onStart: shown.start,
      openReplayLog,
      judge,
    });
  } finally {
    shown.stop();
  }
}

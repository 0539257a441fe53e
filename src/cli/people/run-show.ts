import type { RunProgress } from '../../replay-run/options/run-options.ts';
import type { Progress } from './progress.ts';

/** The progress line of a run, from its start on. */
export interface RunShow {
  start(progress: RunProgress): void;
  stop(): void;
}

const SHOW_EVERY_MS = 250;

/** Makes a progress line that shows these words. */
export function createRunShow(
  line: Progress,
  words: (progress: RunProgress, elapsedSecs: number, ratePerSec: number) => string,
): RunShow {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const start = (progress: RunProgress): void => {
    // A pipe that ends after the replay was interrupted starts it when all is over.
    if (isStopped) return;
    clearInterval(timer);
    const startedMs = performance.now();
    let before = { atMs: startedMs, sent: 0 };
    timer = setInterval(() => {
      line.update(() => {
        const atMs = performance.now();
        const { sent } = progress.live();
        const ratePerSec = ((sent - before.sent) / (atMs - before.atMs)) * 1000;
        before = { atMs, sent };
        return words(progress, (atMs - startedMs) / 1000, ratePerSec);
      });
    }, SHOW_EVERY_MS);
  };
  return {
    start,
    stop: () => {
      isStopped = true;
      clearInterval(timer);
      line.stop();
    },
  };
}

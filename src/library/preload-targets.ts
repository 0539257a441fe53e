import type { RunDeps, RunOptions } from '../replay-run/options/run-options.ts';
import { allTargets } from '../replay-run/target/targets.ts';
import type { PreloadSection } from '../results/document/results-document.ts';
import type { SeededScenario } from '../workload/generate/record-batches.ts';
import { type PreloadOptions, preloadTarget } from './preload-target.ts';

/**
 * Fills each of several targets with all memories, one target after the other: nobody knows beforehand which of them
 * the sessions of a target will ask for. What is stored, and what fails, is the sum over the targets.
 */
export async function preloadTargets(
  seeded: SeededScenario,
  run: RunOptions,
  deps: RunDeps,
  options: PreloadOptions,
): Promise<PreloadSection | undefined> {
  let sum: PreloadSection | undefined;
  for (const target of allTargets(run)) {
    if (deps.signal?.aborted === true) break;
    const one = await preloadTarget(seeded, { ...run, ...target, moreTargets: undefined }, deps, options);
    sum = sum === undefined || one === undefined ? (sum ?? one) : added(sum, one);
  }
  return sum;
}

function added(sum: PreloadSection, one: PreloadSection): PreloadSection {
  const { held_before: before } = sum;
  return {
    ...sum,
    stored: sum.stored + one.stored,
    failed: sum.failed + one.failed,
    held_before: before === null || one.held_before === null ? null : before + one.held_before,
    secs: sum.secs + one.secs,
  };
}

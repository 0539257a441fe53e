import type { RunDeps, RunOptions } from '../replay-run/options/run-options.ts';
import { addPrepared } from '../replay-run/prepare/prepare-target.ts';
import { allTargets, type Targets, targetCount } from '../replay-run/target/targets.ts';
import type { PreloadSection } from '../results/document/results-document.ts';
import type { SeededScenario } from '../workload/generate/record-batches.ts';
import { type Preloaded, type PreloadOptions, preloadTarget } from './preload-target.ts';

/**
 * Fills each of several targets with all memories, one target after the other: nobody knows beforehand which of them
 * the sessions of a target will ask for. What is stored, and what fails, is the sum over the targets.
 */
export async function preloadTargets(
  seeded: SeededScenario,
  run: RunOptions,
  deps: RunDeps,
  options: PreloadOptions,
): Promise<Preloaded> {
  let sum: Preloaded = { preload: undefined, prepared: null };
  for (const target of allTargets(run)) {
    if (deps.signal?.aborted === true)
      return { ...sum, preload: sum.preload && withRest(sum.preload, options) };
    const told = targetCount(run) === 1 ? options : namingTarget(options, target);
    const one = await preloadTarget(seeded, { ...run, ...target, moreTargets: undefined }, deps, told);
    sum = {
      preload: sum.preload && one.preload ? added(sum.preload, one.preload) : (sum.preload ?? one.preload),
      prepared:
        sum.prepared && one.prepared
          ? addPrepared(sum.prepared, one.prepared)
          : (sum.prepared ?? one.prepared),
    };
  }
  return sum;
}

/** Says with what is told which target it is about. */
function namingTarget(options: PreloadOptions, { http, grpc }: Targets): PreloadOptions {
  const name = http?.url ?? grpc?.url;
  return {
    ...options,
    onStart: (memories) => options.onStart?.(memories, name),
    onLeftOut: (why) => options.onLeftOut?.(why, name),
  };
}

/** A target that is not begun with holds none of them: who goes on begins with the first. */
function withRest(section: PreloadSection, { fromKey }: PreloadOptions): PreloadSection {
  return { ...section, next: fromKey };
}

function added(sum: PreloadSection, one: PreloadSection): PreloadSection {
  const isUnknown = sum.held_before === null || one.held_before === null;
  return {
    ...sum,
    stored: sum.stored + one.stored,
    failed: sum.failed + one.failed,
    next: sum.next === null || one.next === null ? (sum.next ?? one.next) : Math.min(sum.next, one.next),
    held_before: isUnknown ? null : (sum.held_before ?? 0) + (one.held_before ?? 0),
    secs: sum.secs + one.secs,
  };
}

import { engramDialect } from '../dialects/engram.ts';
import { EngramTraceError } from '../error.ts';
import { measureReplay } from '../replay-run/measure-replay.ts';
import type { RunDeps, RunOptions } from '../replay-run/options/run-options.ts';
import { awaitTargets } from '../replay-run/prepare/await-targets.ts';
import { memoriesHeld } from '../replay-run/prepare/memories-held.ts';
import type { PreloadSection, ResultsDocument } from '../results/document/results-document.ts';
import type { OpenWorkload } from '../workload/generate/open-workload.ts';
import type { SeededScenario } from '../workload/generate/record-batches.ts';
import { spaceNames } from '../workload/requests/record-maker.ts';

/** How a target is filled before a run. */
export interface PreloadOptions {
  /** Stored also where the target holds something already, or does not say. */
  readonly anyway: boolean;
  readonly ratePerSec: number;
  /** The memories before this one were stored before. */
  readonly fromKey: number;
  readonly open: OpenWorkload;
  /** Told once, before the first is sent. */
  onStart?(memories: number): void;
  /** Told in place of a preload: why there is none. */
  onLeftOut?(why: string): void;
}

/** So many writes are in flight at one time: those of one space wait for each other anyway. */
const MOST_IN_FLIGHT = 32;
/** More failures than this share, and the run would measure something else. */
const MOST_FAILED = 0.01;

/**
 * Stores the memories that a scenario takes its target to hold, by the engine that replays, in a run of its own whose
 * numbers are in none of the run that follows. Undefined where nothing was to be stored, or the target holds something
 * already. Rejects with `target` where it takes too few of them.
 */
export async function preloadTarget(
  seeded: SeededScenario,
  run: RunOptions,
  deps: RunDeps,
  options: PreloadOptions,
): Promise<PreloadSection | undefined> {
  const { nodes, spaces } = seeded.scenario.data;
  const { anyway, fromKey, ratePerSec } = options;
  if (fromKey >= nodes) return undefined;
  const held = await heldBefore(run, spaceNames(spaces), deps);
  const why = anyway || fromKey > 0 ? undefined : reasonAgainst(held);
  if (why !== undefined) {
    options.onLeftOut?.(why);
    return undefined;
  }
  options.onStart?.(nodes - fromKey);
  const startNs = deps.clock.nowNs();
  const trace = options.open({ ...seeded, preload: { fromKey, ratePerSec } });
  const document = await measureReplay(asFilling(run, trace), { ...deps, openReplayLog: undefined });
  const { successful: stored, failed } = document.operations;
  refuseTooMany(document, fromKey);
  const secs = (deps.clock.nowNs() - startNs) / 1e9;
  return { memories: nodes, from: fromKey, stored, failed, held_before: held ?? null, secs };
}

async function heldBefore(run: RunOptions, spaces: string[], deps: RunDeps): Promise<number | undefined> {
  const { error } = await awaitTargets(run, ['http', 'grpc'], deps.signal, deps.nowMs);
  if (error !== undefined) throw error;
  const counting = engramDialect.memories;
  return counting && memoriesHeld(run, spaces, counting, deps.signal);
}

function reasonAgainst(held: number | undefined): string | undefined {
  if (held === 0) return undefined;
  if (held !== undefined) return `the target holds ${held} memories already`;
  return 'the target does not say whether it holds something';
}

/** As fast as the target takes it, and no faster than asked for: whoever is behind goes on from there. */
function asFilling(run: RunOptions, trace: RunOptions['trace']): RunOptions {
  const replay = { ...run.replay, behind: 'stretch', maxInFlight: MOST_IN_FLIGHT, shard: undefined } as const;
  // A memory is no client: it needs no connection of its own.
  const connections = run.connections === 'recorded' ? 'pooled' : run.connections;
  const alone = { closedLoop: undefined, chaos: undefined, limits: undefined };
  return { ...run, ...alone, trace, replay, connections, senders: 1, rehearsal: false };
}

function refuseTooMany({ operations, errors, summary }: ResultsDocument, fromKey: number): void {
  const { total, failed } = operations;
  if (summary.stop === 'interrupted' || failed <= total * MOST_FAILED) return;
  const [most] = errors;
  const example = most === undefined ? '' : `, most of them by ${most.code} (${most.example})`;
  throw new EngramTraceError(
    'target',
    `the target refused ${failed} of ${total} memories of the preload${example}`,
    {
      hint: `is it full, or down? --no-preload leaves it out; --preload-from ${fromKey + total - failed} goes on`,
    },
  );
}

import { engramDialect } from '../dialects/engram.ts';
import { EngramTraceError } from '../error.ts';
import { isInShard } from '../replay/plan/shard-of.ts';
import type { ShardPart } from '../replay/replay-options.ts';
import { measureReplay } from '../replay-run/measure-replay.ts';
import type { RunDeps, RunOptions } from '../replay-run/options/run-options.ts';
import { awaitTargets } from '../replay-run/prepare/await-targets.ts';
import { memoriesHeld } from '../replay-run/prepare/memories-held.ts';
import { prepareTarget } from '../replay-run/prepare/prepare-target.ts';
import type {
  PreloadSection,
  PrepareSection,
  ResultsDocument,
} from '../results/document/results-document.ts';
import type { OpenWorkload } from '../workload/generate/open-workload.ts';
import type { SeededScenario } from '../workload/generate/record-batches.ts';
import { preloadSession, spaceNames } from '../workload/requests/record-maker.ts';
import { StoredMemories } from './stored-memories.ts';

/** How a target is filled before a run. */
export interface PreloadOptions {
  /** Stored also where the target holds something already, or does not say. */
  readonly anyway: boolean;
  readonly ratePerSec: number;
  /** The memories before this one are stored. */
  readonly fromKey: number;
  readonly open: OpenWorkload;
  /** Told once, before the first is sent; which target it is, where there are several. */
  onStart?(memories: number, target?: string): void;
  /** Told in place of a preload: why there is none. */
  onLeftOut?(why: string, target?: string): void;
}

/** What came of it. */
export interface Preloaded {
  /** Undefined where nothing was to be stored, or the target holds something already. */
  readonly preload: PreloadSection | undefined;
  /** The spaces that were made for it, which is told also where nothing was stored in them. */
  readonly prepared: PrepareSection | null;
}

/** So many writes are in flight at one time: those of one space wait for each other anyway. */
const MOST_IN_FLIGHT = 32;
/** More failures than this share, and the run would measure something else. */
const MOST_FAILED = 0.01;
/** A target that took nothing for so long, while so many failed, is gone or full. */
const GONE_NS = 10e9;

/**
 * Stores the memories that a scenario takes its target to hold, by the engine that replays, in a run of its own whose
 * numbers are in none of the run that follows; a shard stores those of its share. Rejects with `target` as soon as it has taken too few of them.
 */
export async function preloadTarget(
  seeded: SeededScenario,
  run: RunOptions,
  deps: RunDeps,
  options: PreloadOptions,
): Promise<Preloaded> {
  const { nodes, spaces } = seeded.scenario.data;
  const { anyway, fromKey, ratePerSec } = options;
  const share = shareOf(run.replay?.shard, nodes, fromKey);
  if (share.own === 0) return { preload: undefined, prepared: null };
  const { error } = await awaitTargets(run, ['http', 'grpc'], deps.signal, deps.nowMs);
  if (error !== undefined) throw error;
  const names = spaceNames(spaces);
  // Before they are asked what they hold, by which a target makes them.
  const prepared = run.prepare ? await prepareTarget(run, names, deps) : null;
  const held = await heldBefore(run, names, deps);
  const why = anyway || fromKey > 0 ? undefined : reasonAgainst(held, share);
  if (why !== undefined) {
    options.onLeftOut?.(why);
    return { preload: undefined, prepared };
  }
  options.onStart?.(share.own);
  const startNs = deps.clock.nowNs();
  const patience = { failures: share.own * MOST_FAILED, inARow: MOST_IN_FLIGHT, rowNs: GONE_NS };
  const ending = new AbortController();
  const stored = new StoredMemories(
    fromKey,
    patience,
    () => deps.clock.nowNs(),
    () => ending.abort(),
  );
  const signal = AbortSignal.any([ending.signal, ...(deps.signal === undefined ? [] : [deps.signal])]);
  const trace = options.open({ ...seeded, preload: { fromKey, ratePerSec } });
  const asLogged = { ...deps, signal, openReplayLog: () => Promise.resolve(stored.asLog()) };
  const document = await measureReplay(asFilling(run, trace), asLogged);
  if (stored.hasGivenUp) throw refused(document, share.own, stored.next);
  const secs = (deps.clock.nowNs() - startNs) / 1e9;
  return { preload: sectionOf(document, stored, { nodes, fromKey, held, secs }), prepared };
}

function sectionOf(
  { operations }: ResultsDocument,
  { next }: StoredMemories,
  known: { nodes: number; fromKey: number; held: number | undefined; secs: number },
): PreloadSection {
  const { nodes, fromKey, held, secs } = known;
  const { successful: stored, failed } = operations;
  const counts = { memories: nodes, from: fromKey, stored, failed };
  return {
    ...counts,
    next: stored + failed > 0 && next >= nodes ? null : next,
    held_before: held ?? null,
    secs,
  };
}

/** How many memories from a key on this shard stores, and how many all others do of all. */
interface Share {
  readonly own: number;
  readonly ofOthers: number;
}

function shareOf(shard: ShardPart | undefined, nodes: number, fromKey: number): Share {
  if (shard === undefined) return { own: Math.max(0, nodes - fromKey), ofOthers: 0 };
  let own = 0;
  let before = 0;
  for (let key = 0; key < nodes; key++) {
    if (!isInShard(preloadSession(key), shard)) continue;
    if (key < fromKey) before += 1;
    else own += 1;
  }
  return { own, ofOthers: nodes - own - before };
}

function heldBefore(run: RunOptions, spaces: string[], deps: RunDeps): Promise<number | undefined> {
  const counting = engramDialect.memories;
  return counting === undefined
    ? Promise.resolve(undefined)
    : memoriesHeld(run, spaces, counting, deps.signal);
}

/** What other shards have stored until now is no reason: their shares are, and half of ours beside them. */
function reasonAgainst(held: number | undefined, { own, ofOthers }: Share): string | undefined {
  if (held === undefined) return 'the target does not say whether it holds something';
  const most = ofOthers === 0 ? 0 : ofOthers + own / 2;
  return held <= most ? undefined : `the target holds ${held} memories already`;
}

/** As fast as the target takes it, and no faster than asked for: whoever is behind goes on from there. */
function asFilling(run: RunOptions, trace: RunOptions['trace']): RunOptions {
  const replay = { ...run.replay, behind: 'stretch', maxInFlight: MOST_IN_FLIGHT } as const;
  // A memory is no client: it needs no connection of its own.
  const connections = run.connections === 'recorded' ? 'pooled' : run.connections;
  const alone = {
    prepare: false,
    closedLoop: undefined,
    chaos: undefined,
    watch: undefined,
    limits: undefined,
  };
  return { ...run, ...alone, trace, replay, connections, senders: 1, rehearsal: false };
}

/** How to go on; from the first on, a target that holds some is filled only when that is asked for. */
export function goingOn(next: number): string {
  return next === 0 ? '--preload-anyway' : `--preload-from ${next}`;
}

function refused({ operations, errors }: ResultsDocument, own: number, next: number): EngramTraceError {
  const { total, failed } = operations;
  const [most] = errors;
  const example = most === undefined ? '' : `, most of them by ${most.code} (${most.example})`;
  const ofAll = total < own ? `, and ${own - total} were not sent any more` : '';
  return new EngramTraceError(
    'target',
    `the target refused ${failed} of ${total} memories of the preload${example}${ofAll}`,
    {
      hint: `is it full, or down? ${goingOn(next)} goes on with what is not stored; --no-preload leaves it out`,
    },
  );
}

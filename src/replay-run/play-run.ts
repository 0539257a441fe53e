import { EngramTraceError } from '../error.ts';
import type { ReplayEnd } from '../replay/engine/replay-end.ts';
import { createPlanDigest } from '../replay/plan/plan-digest.ts';
import type { OpenSource } from '../replay/plan/plan-reader.ts';
import { createSelection } from '../replay/plan/selection.ts';
import { isInShard } from '../replay/plan/shard-of.ts';
import type { ReplayOptions } from '../replay/replay-options.ts';
import { NearnessOfPlan, type PlanNearness, rateFactorOf } from '../results/arrivals/plan-nearness.ts';
import {
  type GeneratorHealth,
  type HealthProbe,
  startHealthProbe,
  UNKNOWN_HEALTH,
} from '../results/health/generator-health.ts';
import type { ResultsRecorder } from '../results/tally/results-recorder.ts';
import { giveBackFrom } from '../trace/block/record-spans.ts';
import type { Protocol, TraceRecord } from '../trace/record/record.ts';
import { NameCounts } from '../transforms/name-counts.ts';
import type { Player } from './create-player.ts';
import type { LoggedRun } from './logged-run.ts';
import type { ChaosRun } from './options/chaos-load.ts';
import { warningOfHeadersNotForGrpc } from './options/grpc-headers.ts';
import { playsAll } from './options/plays-all.ts';
import type { RunDeps, RunOptions } from './options/run-options.ts';
import type { WatchRun } from './options/watch-load.ts';
import type { OriginGuard } from './origin/origin-guard.ts';
import { awaitTargets } from './prepare/await-targets.ts';
import { firstSessionsOf } from './source/first-sessions.ts';
import type { NumberedSource } from './source/numbered-source.ts';
import type { TargetAddresses } from './target/look-up-targets.ts';
import { hasTargetIn } from './target/targets.ts';
import { oneLine } from './tell-end.ts';

/**
 * A target that takes longer to accept a connection is reported, and the replay begins all the same. Where operations
 * themselves are given less time, so is it.
 */
const WARM_UP_MS = { least: 1000, most: 5000 };

/** What plays, and what of. */
export interface RunParts {
  options: ReplayOptions;
  source: NumberedSource;
  /** Reads the records of a pass again, beside the source. */
  openStarts?: OpenSource | undefined;
  player: Player;
  log: LoggedRun;
  /** Asked of each record before it can be sent. */
  guard?: OriginGuard | undefined;
  /** Done besides, from the load's first operation on. */
  chaos?: ChaosRun | undefined;
  /** Read besides, since before the load began. */
  watch?: WatchRun | undefined;
  /** What the names of the targets stand for; one entry a target. */
  addresses?: readonly TargetAddresses[] | undefined;
}

/** What ends a run from outside of its plan. */
interface Over {
  /** The engine has ended. */
  isOver: boolean;
  /** Nobody is there to send to. */
  nobody: EngramTraceError | undefined;
}

/** What of the first pass is no part of the plan, as far as it was read. */
interface LeftOut {
  /** Those that have a target. */
  records: number;
  readonly ops: NameCounts;
}

/** What came of it. */
export interface Played {
  startedMs: number;
  recorder: ResultsRecorder;
  end: ReplayEnd;
  health: GeneratorHealth;
  digest: string;
  nearness: PlanNearness | null;
  leftOut: LeftOut;
}

/**
 * Plays a plan and counts what happens. Rejects only where the source can't even be opened; the player stays open.
 */
export async function playRun(run: RunOptions, deps: RunDeps, parts: RunParts): Promise<Played> {
  const { options, player } = parts;
  const { recorder } = player;
  const digest = createPlanDigest();
  const rateFactor = rateFactorOf(options);
  const watch = rateFactor === undefined ? undefined : new NearnessOfPlan(rateFactor);
  const startedMs = deps.nowMs();
  const leftOut: LeftOut = { records: 0, ops: new NameCounts() };
  const hasTarget = hasTargetIn(run);
  let probe: HealthProbe | undefined;
  const onReady = (): void => {
    probe = startHealthProbe(deps.health);
    parts.chaos?.start();
    deps.onStart?.({ live: () => recorder.live(), planned: () => plannedOperations(run, options, leftOut) });
  };
  const over: Over = { isOver: false, nobody: undefined };
  const end = await player.play(() => watched(run, deps, { ...parts, over }, onReady), options, {
    clock: deps.clock,
    log: parts.log,
    digest,
    watch,
    onLeftOut: (record) => {
      if (hasTarget(record)) leftOut.records++;
      leftOut.ops.add(record.op);
    },
    openStarts: parts.openStarts,
    clients: run.closedLoop,
    recordNumber: (number) => parts.source.recordNumber(number),
  });
  over.isOver = true;
  if (over.nobody !== undefined) throw over.nobody;
  const health = player.health(probe?.stop() ?? UNKNOWN_HEALTH);
  return {
    startedMs,
    recorder,
    end,
    health,
    digest: digest.finish(),
    nearness: watch?.section() ?? null,
    leftOut,
  };
}

/**
 * One pass of the source. Before the very first batch goes on, the targets are warmed up; then `onReady` is called:
 * what happened until then (loading, connecting) says nothing about the replay.
 */
async function* watched(
  run: RunOptions,
  deps: RunDeps,
  { options, source, player, over, guard, addresses }: RunParts & { over: Over },
  onReady: () => void,
): AsyncGenerator<TraceRecord[]> {
  const { recordsRead } = source;
  let isWarm = recordsRead > 0;
  let warning = recordsRead > 0 ? undefined : warningOfHeadersNotForGrpc(run);
  for await (const batch of source.open()) {
    // A pipe that ends after an interrupt brings what it held back: too late to connect for that.
    if (over.isOver) return giveBackFrom(batch, 0);
    if (guard !== undefined) for (const record of batch) guard.checkRecord(record);
    const protocols = protocolsOf(run, batch);
    await player.prepare(protocols);
    if (warning !== undefined && protocols.has('grpc')) {
      deps.warn(warning);
      warning = undefined;
    }
    if (!isWarm) {
      isWarm = true;
      const willSend = options.signal?.aborted !== true;
      const errors = willSend ? await warmedUp(run, deps, { options, player, addresses, batch }, over) : [];
      // An interrupt waits for nobody who does not let us connect; and without a target there is nothing to play.
      if (over.isOver || over.nobody !== undefined) return giveBackFrom(batch, 0);
      for (const error of errors) deps.warn(oneLine(error));
      onReady();
    }
    yield batch;
  }
}

interface WarmUpParts extends Pick<RunParts, 'options' | 'player' | 'addresses'> {
  batch: readonly TraceRecord[];
}

/** Opens connections. Where that fails because nobody is there that speaks the protocol, `over` tells: nothing is sent then. */
async function warmedUp(
  run: RunOptions,
  { nowMs }: RunDeps,
  { options, player, addresses, batch }: WarmUpParts,
  over: Over,
): Promise<EngramTraceError[]> {
  const own = batch.filter(({ session }) => isInShard(session, options.shard));
  const warmUp = () => player.warmUp(warmUpMs(options), firstSessionsOf(own));
  const errors = await warmUp();
  if (errors.length === 0 || over.isOver) return errors;
  const { error, hasWaited, absent } = await awaitTargets(
    { ...run, addresses },
    takingPart(run, options, batch),
    options.signal,
    nowMs,
  );
  over.nobody = error;
  const left = hasWaited && error === undefined && !over.isOver ? await warmUp() : errors;
  return absent.length > 0 ? absent.map(withoutIt) : left;
}

/** Says of one of several targets what nobody being there means. */
function withoutIt({ message, where }: EngramTraceError): EngramTraceError {
  return new EngramTraceError(
    'target',
    `${message}; what its sessions have fails, and the other targets go on`,
    {
      where,
    },
  );
}

/** Protocols that operations are sure to be sent with: those of this batch, and those that only later ones have. */
function takingPart(run: RunOptions, options: ReplayOptions, batch: readonly TraceRecord[]): Set<Protocol> {
  const selection = createSelection(options, hasTargetIn(run));
  const here = new Set(batch.map(({ protocol }) => protocol));
  const later = playsAll(run) ? [...protocolsOf(run, [])].filter((protocol) => !here.has(protocol)) : [];
  const taken = batch.filter((record) => selection.takes(record)).map(({ protocol }) => protocol);
  return new Set([...taken, ...later]);
}

function warmUpMs({ timeoutNs }: ReplayOptions): number {
  return Math.min(WARM_UP_MS.most, Math.max(WARM_UP_MS.least, timeoutNs / 1e6));
}

/** Protocols the trace is known to hold, and those of this batch. */
function protocolsOf({ trace }: RunOptions, batch: readonly TraceRecord[]): Set<Protocol> {
  const seen = new Set<Protocol>(trace.hints.protocols);
  for (const { protocol } of batch) seen.add(protocol);
  return seen;
}

/**
 * Known only where all records of a trace take part that have a target, and their number is known. Those that are left out for what they
 * are (see `Selection`) are known as they are read, which is ahead of what is sent.
 */
function plannedOperations(
  run: RunOptions,
  { loops, copies, shard }: ReplayOptions,
  leftOut: LeftOut,
): number | undefined {
  const { byProtocol } = run.trace.hints;
  if (!playsAll(run) || shard !== undefined) return undefined;
  if (byProtocol === undefined || !Number.isFinite(loops)) return undefined;
  const hasTarget = hasTargetIn(run);
  const records =
    (hasTarget({ protocol: 'http' }) ? byProtocol.http : 0) +
    (hasTarget({ protocol: 'grpc' }) ? byProtocol.grpc : 0);
  return (records - leftOut.records) * loops * copies;
}

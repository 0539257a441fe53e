import { EngramTraceError } from '../error.ts';
import { replay } from '../replay/engine/engine.ts';
import type { ReplayDeps } from '../replay/engine/replay-deps.ts';
import type { ReplayEnd } from '../replay/engine/replay-end.ts';
import { ClientLoop, type ClientScript } from '../replay/plan/client-loop.ts';
import { planFirstOperations } from '../replay/plan/first-operations.ts';
import type { OpenSource, PlanReader, PlanSink } from '../replay/plan/plan-reader.ts';
import type { Clock, ReplayObserver } from '../replay/ports.ts';
import type { ReplayOptions } from '../replay/replay-options.ts';
import { teeObserver } from '../replay-log/tee-observer.ts';
import type { GeneratorHealth } from '../results/health/generator-health.ts';
import { mergeHealth } from '../results/health/merge-health.ts';
import { ResultsRecorder } from '../results/tally/results-recorder.ts';
import type { ConnectionMode } from '../transports/connect/connection-mode.ts';
import { GRPC_CHANNELS } from '../transports/connect/grpc-channels.ts';
import { createTransports, type TransportSettings } from './connect/create-transports.ts';
import type { LazyTransports } from './connect/lazy-transports.ts';
import type { LoggedRun } from './logged-run.ts';
import { type ClosedLoop, openScriptOf } from './options/closed-loop.ts';
import { tallyOptionsOf } from './options/tally-options.ts';
import { replayByShards } from './shards/replay-by-shards.ts';
import { ShardPool } from './shards/shard-pool.ts';
import type { ShardThreads, WorkOfShard } from './shards/shard-threads.ts';
import type { ShardedReplayDeps } from './shards/sharded-replay-deps.ts';
import { partOf } from './shards/share.ts';
import { createWholeRecorder } from './shards/whole-recorder.ts';
import { sumAddressUse } from './target/target-address-use.ts';
import { hasTargetIn } from './target/targets.ts';
import { collectGarbage } from './warm-up/collect-garbage.ts';

/** What a player plays with. */
export interface PlayDeps
  extends Pick<
    ShardedReplayDeps,
    'clock' | 'digest' | 'recordNumber' | 'openStarts' | 'watch' | 'onLeftOut'
  > {
  log: LoggedRun;
  /** Whose operations follow on answers; undefined: the source has the whole plan. */
  clients?: Pick<ClosedLoop, 'script' | 'durationNs'> | undefined;
}

/** Plays a plan: in this thread, or by several that send. */
export interface Player extends Pick<LazyTransports, 'prepare' | 'warmUp' | 'addressUse' | 'close'> {
  /** What is counted while it plays. */
  readonly recorder: ResultsRecorder;
  play(openSource: OpenSource, options: ReplayOptions, deps: PlayDeps): Promise<ReplayEnd>;
  /** The health of all threads that send, where `whole` is that of this thread and the process. */
  health(whole: GeneratorHealth): GeneratorHealth;
}

/** Everything in this thread: nothing crosses from one to another. */
export function createLocalPlayer({ transports: settings, tally }: WorkOfShard, clock: Clock): Player {
  const transports = createTransports(settings, clock);
  const recorder = new ResultsRecorder(tallyOptionsOf(tally, settings.headers));
  return {
    recorder,
    prepare: transports.prepare,
    warmUp: transports.warmUp,
    addressUse: transports.addressUse,
    close: transports.close,
    play: async (openSource, options, { log, clients, ...deps }) =>
      replay(openSource, options, {
        ...deps,
        ...planOf(openSource, clients && (await openScriptOf(clients.script)), deps, log.observe(recorder)),
        transportFor: ({ protocol }) => transports.for(protocol),
        hasTarget: hasTargetIn(settings),
        onHeadStart: collectGarbage,
      }),
    health: (whole) => whole,
  };
}

/** Who is told what happens and, for clients, what brings the plan. */
function planOf(
  openSource: OpenSource,
  clients: ClientScript | undefined,
  { digest }: Pick<PlayDeps, 'digest'>,
  observer: ReplayObserver,
): Pick<ReplayDeps, 'observer' | 'readPlan'> {
  if (clients === undefined) return { observer };
  const loop = new ClientLoop(clients);
  const first = { openSource, digest, durationNs: loop.durationNs };
  const readPlan = (sink: PlanSink): PlanReader =>
    loop.reader(sink, (firstSink) => planFirstOperations(first, firstSink));
  return { observer: teeObserver(observer, loop), readPlan };
}

/** Reads the plan in this thread and sends from `shards` others, opened at once. */
export function createThreadedPlayer(
  { transports, ...work }: WorkOfShard,
  options: ReplayOptions,
  shards: number,
  threads: ShardThreads,
): Player {
  const open = threads.open((number) => ({ ...work, transports: settingsOf(transports, number, shards) }));
  const pool = new ShardPool(options, shards, open);
  const recorder = createWholeRecorder(tallyOptionsOf(work.tally, transports.headers), shards);
  return {
    recorder: recorder.results,
    prepare: (protocols) => pool.prepare(protocols),
    warmUp: (timeoutMs, sessions) => pool.warmUp(timeoutMs, sessions),
    addressUse: () => sumAddressUse(pool.addressUse),
    close: () => pool.close(),
    play: (openSource, given, { log, ...deps }) => {
      const hasTarget = hasTargetIn(transports);
      return replayByShards(openSource, given, { ...deps, recorder, log: log.rows, hasTarget }, pool);
    },
    health: (whole) => mergeHealth(whole, pool.health),
  };
}

/** Shard `number` has its share of the connections of all, and begins with an address of its own. */
function settingsOf(settings: TransportSettings, number: number, shards: number): TransportSettings {
  const { connections, mostConnections } = settings;
  const part = (total: number): number => Math.max(1, partOf(total, number, shards));
  return {
    ...settings,
    firstAddress: number,
    connections: typeof connections === 'number' ? part(connections) : connections,
    mostConnections: mostConnections === undefined ? undefined : part(mostConnections),
    // All together as many as one thread has: over more of them fewer calls would leave in one write.
    channels: part(GRPC_CHANNELS),
  };
}

/**
 * How many threads send: as many as are asked for, but no more than may have an operation in flight, or a connection.
 * `usage` for more than one with `--behind stretch`, which moves the plan of all by the lateness of one.
 */
export function shardCount(
  senders: number | undefined,
  { maxInFlight, behind }: ReplayOptions,
  connections: ConnectionMode | undefined,
): number {
  const count = Math.min(senders ?? 1, maxInFlight, typeof connections === 'number' ? connections : Infinity);
  if (count > 1 && behind === 'stretch') {
    throw new EngramTraceError(
      'usage',
      `--behind stretch moves the whole plan, which ${count} senders can't`,
      {
        hint: 'add --senders 1',
      },
    );
  }
  return count;
}

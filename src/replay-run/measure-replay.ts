import { keepsReadingOrder } from '../replay/plan/plan-reader.ts';
import type { ReplayOptions } from '../replay/replay-options.ts';
import { createResultsDocument } from '../results/create-results-document.ts';
import type { ChaosSection } from '../results/document/chaos-section.ts';
import { isMade } from '../results/document/is-made.ts';
import type {
  AddressEntry,
  PrepareSection,
  ResultsDocument,
  TargetSection,
} from '../results/document/results-document.ts';
import type { ReadOptions } from '../trace/trace.ts';
import { createLocalPlayer, createThreadedPlayer, type Player, shardCount } from './create-player.ts';
import { NO_LOG, openLoggedRun } from './logged-run.ts';
import { openChaos } from './open-chaos.ts';
import { isPortable } from './options/closed-loop.ts';
import { connectionLimit } from './options/connection-limit.ts';
import { engineOptions } from './options/engine-options.ts';
import { refuseHeadersNotForGrpc } from './options/grpc-headers.ts';
import type { RunDeps, RunOptions } from './options/run-options.ts';
import { tallyFactsOf } from './options/tally-options.ts';
import type { WatchedRun, WatchRun } from './options/watch-load.ts';
import { openOriginGuard } from './origin/open-origin-guard.ts';
import { planSection } from './plan-section.ts';
import { playRun, type RunParts } from './play-run.ts';
import { afterPreload, prepareTarget } from './prepare/prepare-target.ts';
import { spacesOfRun } from './prepare/spaces-of-run.ts';
import { refuseEmpty } from './refuse-empty.ts';
import { createShardThreads, type ShardThreads } from './shards/shard-threads.ts';
import { createNumberedSource, type NumberedSource } from './source/numbered-source.ts';
import { lookUpTargets, type TargetAddresses } from './target/look-up-targets.ts';
import type { TargetAddressUse } from './target/target-address-use.ts';
import { type Targets, targetCount } from './target/targets.ts';
import { DEFAULT_TRANSPORT } from './target/transport-choice.ts';
import { tellEnd } from './tell-end.ts';
import { rehearse } from './warm-up/rehearse.ts';

/**
 * Replays a trace and measures it. Resolves with the results document whatever the target did, and also when
 * interrupted; rejects with `usage` for a refused origin or impossible options, and with `empty` where the trace
 * holds nothing to send. The trace stays open.
 */
export async function measureReplay(run: RunOptions, deps: RunDeps): Promise<ResultsDocument> {
  const watch = await run.watch?.open(deps.warn);
  try {
    return await measureWatched(run, deps, watch);
  } finally {
    await watch?.close();
  }
}

async function measureWatched(
  run: RunOptions,
  deps: RunDeps,
  watch: WatchRun | undefined,
): Promise<ResultsDocument> {
  const addresses = await lookUpTargets(run);
  const guard = openOriginGuard(run, addresses);
  guard?.checkOrigins();
  refuseHeadersNotForGrpc(run);
  const options = engineOptions(run, deps.signal);
  const isSharded = shardCount(run.senders, options, run.connections) > 1;
  // What the libraries do with bytes they were given is theirs to say; and a copy of a record is given back by nobody.
  const isGivenBack = isSharded || (run.transport ?? DEFAULT_TRANSPORT) === 'wire';
  const spans = { placed: isSharded, recycled: isGivenBack && keepsReadingOrder(options) };
  const onDamage = run.skipDamaged ? 'skip' : 'throw';
  const openSource = (
    onDamage: NonNullable<ReadOptions['onDamage']>,
    spans?: Pick<ReadOptions, 'placed' | 'recycled'>,
  ): NumberedSource => createNumberedSource(run.trace, run.range ?? {}, onDamage, spans);
  const source = openSource(onDamage, spans);
  const openStarts = () => openSource(onDamage).open();
  const spaces = run.prepare ? await spacesOfRun(run, options, guard) : undefined;
  const threads = createShardThreads(deps.clock);
  const openPlayer = playerOpener(run, options, deps, threads, addresses);
  try {
    const log = await openLoggedRun(deps, {
      traceName: run.trace.name,
      options: planSection(run, options, '').options,
      startedMs: deps.nowMs(),
    });
    try {
      const prepare = spaces && afterPreload(await prepareTarget(run, spaces, deps), run.prepared ?? null);
      if (run.rehearsal !== false && run.closedLoop === undefined)
        await rehearsed(run, options, deps, threads, () => openSource('skip', spans));
      const chaos = await openChaos(run, options, addresses);
      try {
        return await withPlayer(openPlayer(), (player) =>
          measured(
            run,
            deps,
            { options, source, openStarts, player, log, guard, addresses, chaos, watch },
            prepare,
          ),
        );
      } finally {
        await chaos?.close();
      }
    } finally {
      await log.abort();
    }
  } finally {
    await threads.close();
  }
}

/** Throws `usage` where so many can't send. */
function playerOpener(
  run: RunOptions,
  options: ReplayOptions,
  { clock, openFileLimit, openReplayLog }: RunDeps,
  threads: ShardThreads,
  addresses?: readonly TargetAddresses[],
): () => Player {
  const { http, grpc, moreTargets, transport, headers, tls, connections, countByHeader, closedLoop } = run;
  const shards = shardCount(run.senders, options, connections);
  const mostConnections = connectionLimit(run, shards, openFileLimit);
  const targets = { http, grpc, moreTargets };
  const means = { transport, headers, tls, countByHeader, connections, mostConnections };
  const transports = { ...targets, ...means, addresses };
  const tally = tallyFactsOf(run.trace.header, options, {
    targets: targetCount(run),
    countsHeaders: run.countByHeader !== undefined,
  });
  const clients =
    closedLoop && isPortable(closedLoop.script) ? { script: closedLoop.script, shards } : undefined;
  const work = { transports, tally, isLogged: openReplayLog !== undefined, clients };
  return () =>
    shards === 1 ? createLocalPlayer(work, clock) : createThreadedPlayer(work, options, shards, threads);
}

async function withPlayer<T>(player: Player, use: (player: Player) => Promise<T>): Promise<T> {
  try {
    return await use(player);
  } finally {
    await player.close();
  }
}

/** What the rehearsal measures and what it would say is of no use to anybody. */
async function rehearsed(
  run: RunOptions,
  options: ReplayOptions,
  deps: RunDeps,
  threads: ShardThreads,
  openSource: () => NumberedSource,
): Promise<void> {
  // The sink has the other end of every connection, in this process.
  const openFileLimit = deps.openFileLimit && Math.floor(deps.openFileLimit / 2);
  const quiet: RunDeps = {
    ...deps,
    openFileLimit,
    openReplayLog: undefined,
    warn: () => {},
    onStart: () => {},
  };
  await rehearse(run, options, openSource, async (stage, stageOptions, source) => {
    const openPlayer = playerOpener(stage, stageOptions, quiet, threads);
    await withPlayer(openPlayer(), (player) =>
      playRun(stage, quiet, { options: stageOptions, source, player, log: NO_LOG }),
    );
  });
}

async function measured(
  run: RunOptions,
  deps: RunDeps,
  parts: RunParts,
  prepare: PrepareSection | undefined,
): Promise<ResultsDocument> {
  const { options, source } = parts;
  const { trace } = run;
  const { startedMs, recorder, end, health, digest, nearness, leftOut } = await playRun(run, deps, parts);
  const chaos = await parts.chaos?.end();
  const watched =
    end.startNs === undefined
      ? undefined
      : await parts.watch?.end({ startNs: end.startNs, endNs: end.endNs });
  // The guard found an origin before anything was sent.
  if (end.sourceError?.code === 'usage' && end.accounting.sent === 0) throw end.sourceError;
  if (end.stop === 'end') {
    refuseEmpty({
      traceName: trace.name,
      isMade: isMade(run),
      recordsRead: source.recordsRead,
      planned: end.accounting.planned,
      excluded: end.excluded,
      leftOutOps: leftOut.ops,
    });
  }
  tellEnd(end, recorder, run, deps);
  const document = createResultsDocument({
    tool: deps.tool,
    plan: planSection(run, options, digest, nearness),
    targets: targetSections(run, parts.player.addressUse()),
    startedMs,
    recorder,
    end,
    health,
    loss: trace.loss,
    gaps: trace.header.gaps,
    window: trace.header.window,
    host: deps.host,
    prepare,
    limits: run.limits,
    preload: run.preload,
    countByHeader: run.countByHeader,
    recordCommand: (number) => `engram-trace inspect ${shellWord(trace.name)} --record ${number}`,
  });
  const { hits, misses } = document.cache;
  const outcome = { sentPerSec: document.summary.sent_ops_sec, cacheHits: hits, cacheMisses: misses };
  const warnings = run.closedLoop?.warningsOf(outcome) ?? [];
  warnings.forEach(deps.warn);
  document.notes.push(...warnings, ...(run.closedLoop?.notesOf(outcome) ?? []));
  addChaos(document, chaos, deps);
  addResources(document, watched, deps);
  document.checks.push(...(deps.judge?.(document) ?? []));
  await parts.log.seal(document, end.startNs);
  return document;
}

/** One entry a target. */
function targetSections(
  run: RunOptions,
  uses: readonly TargetAddressUse[],
): [TargetSection, ...TargetSection[]] {
  const section = ({ http, grpc }: Targets, place: number): TargetSection => ({
    http: http?.url ?? null,
    grpc: grpc?.url ?? null,
    addresses: addressEntries(uses.filter(({ target }) => target === place)),
  });
  return [section(run, 0), ...(run.moreTargets ?? []).map((target, i) => section(target, i + 1))];
}

function addChaos(
  document: ResultsDocument,
  chaos: ChaosSection | string | undefined,
  { warn }: RunDeps,
): void {
  if (typeof chaos !== 'string') {
    document.chaos = chaos ?? null;
    return;
  }
  const note = `what chaos did is not known: ${chaos}`;
  document.notes.push(note);
  warn(note);
}

function addResources(
  document: ResultsDocument,
  watched: WatchedRun | string | undefined,
  { warn }: RunDeps,
): void {
  if (watched === undefined) return;
  if (typeof watched === 'string') {
    const note = `what was watched is not known: ${watched}`;
    document.notes.push(note);
    warn(note);
    return;
  }
  document.resources = watched.section();
  for (const window of document.windows) window.resources = watched.inWindow(window);
}

function addressEntries(uses: readonly TargetAddressUse[]): AddressEntry[] {
  return uses.map(({ protocol, address, connections, failedAttempts }) => ({
    protocol,
    address,
    connections: connections ?? null,
    failed_attempts: failedAttempts ?? null,
  }));
}

/** A file name as a shell takes it. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

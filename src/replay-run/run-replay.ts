import { createPlanDigest } from '../replay/plan-digest.ts';
import type { Operation } from '../replay/ports.ts';
import type { ReplayEnd } from '../replay/replay-end.ts';
import type { ReplayOptions } from '../replay/replay-options.ts';
import { createSelection } from '../replay/selection.ts';
import { createResultsDocument } from '../results/create-results-document.ts';
import { type HealthProbe, startHealthProbe, UNKNOWN_HEALTH } from '../results/generator-health.ts';
import type { ResultsDocument } from '../results/results-document.ts';
import { ResultsRecorder } from '../results/results-recorder.ts';
import { EngramTraceError } from '../trace/error.ts';
import type { Protocol, TraceRecord } from '../trace/record.ts';
import { createRedactionFinder } from '../transports/redaction-finder.ts';
import { connectionLimit } from './connection-limit.ts';
import { createLocalPlayer, createThreadedPlayer, type Player, senderCount } from './create-player.ts';
import { DEFAULT_TRANSPORT } from './create-transports.ts';
import { engineOptions } from './engine-options.ts';
import { firstSessionsOf } from './first-sessions.ts';
import { type LoggedRun, openLoggedRun } from './logged-run.ts';
import { createNumberedSource, type NumberedSource } from './numbered-source.ts';
import { guardOrigins } from './origin-guard.ts';
import { planSection } from './plan-section.ts';
import { cacheResultOf, dialectOf } from './record-predicate.ts';
import { rehearse } from './rehearse.ts';
import type { RunDeps, RunOptions } from './run-options.ts';
import { hasTargetIn } from './targets.ts';
import { oneLine, tellEnd } from './tell-end.ts';
import { tellExcluded } from './tell-excluded.ts';

/** A target that takes longer to accept a connection is reported, and the replay begins all the same. */
const WARM_UP_MS = 5000;

/**
 * Replays a trace and measures it. Resolves with the results document whatever the target did, and also when
 * interrupted; rejects with `usage` for a refused origin or impossible options, and with `empty` where the trace
 * holds nothing to send. The trace stays open.
 */
export async function runReplay(run: RunOptions, deps: RunDeps): Promise<ResultsDocument> {
  if (!run.allowOrigin) guardOrigins(run.trace.header.origins, run);
  const options = engineOptions(run, deps.signal);
  const source = createNumberedSource(run.trace, run.range ?? {}, run.skipDamaged ? 'skip' : 'throw');
  const player = playerFor(run, options, deps);
  try {
    const log = await openLoggedRun(deps, {
      traceName: run.trace.name,
      options: planSection(run, options, '').options,
      startedMs: deps.nowMs(),
      recordNumber: recordNumberOf(source, options),
    });
    try {
      if (isWorthRehearsing(run)) await rehearse(deps.clock);
      return await measured(run, deps, { options, source, player, log });
    } finally {
      await log.abort();
    }
  } finally {
    await player.close();
  }
}

function playerFor(run: RunOptions, options: ReplayOptions, { clock, openFileLimit }: RunDeps): Player {
  const { http, grpc, transport, headers, tls, connections } = run;
  const senders = senderCount(run.senders, options, connections);
  const mostConnections = connectionLimit(run, senders, openFileLimit);
  const settings = { http, grpc, transport, headers, tls, connections, mostConnections };
  if (senders === 1) return createLocalPlayer(settings, clock);
  return createThreadedPlayer(settings, options, senders, clock);
}

/** The number of an operation's record in the trace file. */
function recordNumberOf(source: NumberedSource, { copies }: ReplayOptions): (operation: Operation) => number {
  return ({ number }) => source.recordNumber(Math.floor(number / copies));
}

interface Parts {
  options: ReplayOptions;
  source: NumberedSource;
  player: Player;
  log: LoggedRun;
}

/** From so many operations on, half a second more before the first is worth it. */
const WORTH_A_REHEARSAL = 500;

/** Not where others send, nor with the client libraries: the rehearsal plays on this thread, over the wire transport. */
function isWorthRehearsing({ trace, senders = 1, transport = DEFAULT_TRANSPORT }: RunOptions): boolean {
  const records = trace.index?.totals.records ?? 0;
  return senders === 1 && transport === 'wire' && records >= WORTH_A_REHEARSAL;
}

async function measured(run: RunOptions, deps: RunDeps, parts: Parts): Promise<ResultsDocument> {
  const { options, source, player } = parts;
  const { trace } = run;
  const recorder = createRecorder(run, parts);
  const digest = createPlanDigest();
  const startedMs = deps.nowMs();
  let probe: HealthProbe | undefined;
  const onReady = (): void => {
    probe = startHealthProbe(deps.health);
    deps.onStart?.({ live: () => recorder.live(), planned: plannedOperations(run, options) });
  };
  const end = await player.play(() => watched(run, deps, parts, recorder, onReady), options, {
    clock: deps.clock,
    observer: parts.log.observe(recorder),
    digest,
  });
  const health = player.health(probe?.stop() ?? UNKNOWN_HEALTH);
  refuseEmpty(run, end, source);
  tellEnd(end, recorder, run, deps);
  const document = createResultsDocument({
    tool: deps.tool,
    plan: planSection(run, options, digest.finish()),
    target: { http: run.http?.url, grpc: run.grpc?.url },
    startedMs,
    recorder,
    end,
    health,
    loss: trace.loss,
    gaps: trace.header.gaps,
    host: deps.host,
    recordCommand: (number) => `engram-trace inspect ${shellWord(trace.name)} --record ${number}`,
  });
  await parts.log.seal(document, end.startNs);
  return document;
}

function createRecorder({ trace, headers }: RunOptions, { options, source }: Parts): ResultsRecorder {
  return new ResultsRecorder({
    timeScale: hasOneScale(options) ? options.multiplier : undefined,
    sortsDues: options.timing.kind === 'think' || options.copies > 1,
    recordNumber: recordNumberOf(source, options),
    cacheResult: cacheResultOf(dialectOf(trace.header.dialect)),
    redactedIn: createRedactionFinder(headers ?? []),
  });
}

/** Whether due times are recorded times over the multiplier, all through the replay. */
function hasOneScale({ timing, pace }: ReplayOptions): boolean {
  return timing.kind === 'absolute' && pace.length === 0;
}

/**
 * One pass of the source. Before the very first batch goes on, the targets are warmed up; then `onReady` is called:
 * what happened until then (loading, connecting) says nothing about the replay.
 */
async function* watched(
  run: RunOptions,
  deps: RunDeps,
  { options, source, player }: Parts,
  recorder: ResultsRecorder,
  onReady: () => void,
): AsyncGenerator<TraceRecord[]> {
  const selection = createSelection(options.only, hasTargetIn(run));
  const { recordsRead } = source;
  let isWarm = recordsRead > 0;
  for await (const batch of tellExcluded(source.open(), selection, recordsRead, recorder, options.copies)) {
    await player.prepare(protocolsOf(run, batch));
    if (!isWarm) {
      isWarm = true;
      const errors = await player.warmUp(WARM_UP_MS, firstSessionsOf(batch));
      for (const error of errors) deps.warn(oneLine(error));
      onReady();
    }
    yield batch;
  }
}

/** Protocols the trace is known to hold: those of the index, and those of this batch. */
function protocolsOf({ trace }: RunOptions, batch: readonly TraceRecord[]): Set<Protocol> {
  const seen = new Set<Protocol>();
  for (const { protocol } of batch) seen.add(protocol);
  const stats = trace.index?.totals.stats;
  if (stats !== undefined && stats.httpRecords > 0) seen.add('http');
  if (stats !== undefined && stats.grpcRecords > 0) seen.add('grpc');
  return seen;
}

/** Known beforehand only where all records of an indexed trace take part that have a target. */
function plannedOperations(run: RunOptions, { loops, copies }: ReplayOptions): number | undefined {
  const { trace, range, only, http, grpc } = run;
  const isWhole = only === undefined && range?.from === undefined && range?.to === undefined;
  const stats = trace.index?.totals.stats;
  if (!isWhole || stats === undefined || !Number.isFinite(loops)) return undefined;
  const records = (http ? stats.httpRecords : 0) + (grpc ? stats.grpcRecords : 0);
  return records * loops * copies;
}

function refuseEmpty({ trace }: RunOptions, end: ReplayEnd, source: NumberedSource): void {
  if (end.accounting.planned > 0 || end.stop !== 'end') return;
  const { incomplete, filteredOut, noTarget } = end.excluded;
  if (source.recordsRead === 0) {
    throw new EngramTraceError('empty', `${trace.name} has no records to replay`, {
      hint: 'engram-trace inspect shows what is in it; --from and --to may lie outside',
    });
  }
  const why =
    `${filteredOut} filtered out by --only, ${incomplete} without their whole request, ` +
    `${noTarget} without a target`;
  throw new EngramTraceError(
    'empty',
    `none of the ${source.recordsRead} records of ${trace.name} can be sent: ${why}`,
  );
}

/** A file name as a shell takes it. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

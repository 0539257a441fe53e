import { createFindDanger } from '../../dialects/find-danger.ts';
import { EngramTraceError } from '../../error.ts';
import { needsStarts } from '../../replay/plan/plan-reader.ts';
import { type ReplayOptions, replayOptions } from '../../replay/replay-options.ts';
import type { TimeWindow } from '../../trace/record/record.ts';
import { copySpreadNs } from '../source/copy-spread.ts';
import { partBounds } from '../source/numbered-source.ts';
import { dialectOf, onlyPredicate } from './record-predicate.ts';
import { refuseForClients } from './refuse-for-clients.ts';
import type { RunOptions } from './run-options.ts';

/** Options of the engine for a run. Throws `usage` for what makes no sense, such as a second pass over a pipe. */
export function engineOptions(
  run: Pick<
    RunOptions,
    | 'trace'
    | 'range'
    | 'only'
    | 'dangerous'
    | 'includeDangerous'
    | 'replay'
    | 'closedLoop'
    | 'transport'
    | 'connections'
    | 'senders'
    | 'moreTargets'
  >,
  signal: AbortSignal | undefined,
): ReplayOptions {
  refuseForTransport(run);
  refuseForClients(run);
  const dialect = dialectOf(run.trace.header.dialect);
  const options = replayOptions({
    copySpreadNs: copySpreadNs(run.trace.hints),
    // Each client has one operation under way, and waits for no other.
    ...(run.closedLoop === undefined ? {} : { maxInFlight: run.closedLoop.clients }),
    ...run.replay,
    // There is no plan to read ahead.
    ...(run.closedLoop === undefined ? {} : { timing: { kind: 'clients' }, headStartNs: 0 }),
    ...(dialect.missStatus === undefined ? {} : { missStatus: dialect.missStatus }),
    only: onlyPredicate(run.only, dialect),
    dangerOf: run.includeDangerous ? undefined : createFindDanger(dialect, run.dangerous),
    window: passWindow(run),
    signal,
  });
  const readsTwice =
    options.loops > 1 ? '--loop' : needsStarts(options) ? '--upscale and --order open' : undefined;
  if (readsTwice !== undefined && !run.trace.seekable) {
    throw new EngramTraceError('usage', `${run.trace.name} is a pipe and can be read only once`, {
      hint: `write the trace to a file to play it with ${readsTwice}`,
    });
  }
  return options;
}

/** The libraries, and a transport of the caller's, decide for themselves which connection an operation takes. */
function refuseForTransport({
  transport,
  connections = 'pooled',
  senders = 1,
  moreTargets = [],
}: Pick<RunOptions, 'transport' | 'connections' | 'senders' | 'moreTargets'>): void {
  if (typeof transport === 'object') {
    if (connections !== 'pooled')
      throw usage(`connections ${connections} is not for a transport of your own`);
    if (senders > 1) throw usage(`a transport of your own sends from one thread, and not from ${senders}`);
    if (moreTargets.length > 0)
      throw usage('a transport of your own knows itself where it sends: name one target for it, or none');
  }
  if (transport !== 'library' || connections === 'pooled') return;
  throw new EngramTraceError('usage', `--connections ${connections} is not for --transport library`, {
    hint: 'use --transport wire, which is the default, or leave --connections out',
  });
}

function usage(message: string): EngramTraceError {
  return new EngramTraceError('usage', message);
}

/**
 * The length of a pass, where something says it: the part asked for, inside the window the trace was cut to. Records
 * that are counted end a pass with the last of them.
 */
function passWindow({ trace, range }: Pick<RunOptions, 'trace' | 'range'>): TimeWindow | undefined {
  const { window } = trace.header;
  const firstStartNs = trace.hints.firstStartNs;
  if (range?.limit !== undefined || (range?.durationNs !== undefined && firstStartNs === undefined))
    return undefined;
  const startNs = firstStartNs ?? window?.startNs;
  const bounds = range === undefined || startNs === undefined ? {} : partBounds(trace, range, startNs);
  const fromNs = Math.max(bounds.fromNs ?? -Infinity, window?.startNs ?? -Infinity);
  const toNs = Math.min(bounds.toNs ?? Infinity, window?.endNs ?? Infinity);
  return Number.isFinite(fromNs) && Number.isFinite(toNs) ? { startNs: fromNs, endNs: toNs } : undefined;
}

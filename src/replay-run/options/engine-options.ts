import { createFindDanger } from '../../dialects/find-danger.ts';
import { EngramTraceError } from '../../error.ts';
import { type ReplayOptions, replayOptions } from '../../replay/replay-options.ts';
import type { TimeWindow } from '../../trace/record/record.ts';
import { copySpreadNs } from '../source/copy-spread.ts';
import { boundsOf } from '../source/numbered-source.ts';
import { dialectOf, onlyPredicate } from './record-predicate.ts';
import type { RunOptions } from './run-options.ts';

/** Options of the engine for a run. Throws `usage` for what makes no sense, such as a second pass over a pipe. */
export function engineOptions(
  run: Pick<
    RunOptions,
    'trace' | 'range' | 'only' | 'dangerous' | 'includeDangerous' | 'replay' | 'transport' | 'connections'
  >,
  signal: AbortSignal | undefined,
): ReplayOptions {
  refuseLibrary(run);
  const dialect = dialectOf(run.trace.header.dialect);
  const options = replayOptions({
    copySpreadNs: copySpreadNs(run.trace.hints),
    ...run.replay,
    ...(dialect.missStatus === undefined ? {} : { missStatus: dialect.missStatus }),
    only: onlyPredicate(run.only, dialect),
    dangerOf: run.includeDangerous ? undefined : createFindDanger(dialect, run.dangerous),
    window: passWindow(run),
    signal,
  });
  if (options.loops > 1 && !run.trace.seekable) {
    throw new EngramTraceError('usage', `${run.trace.name} is a pipe and can be read only once`, {
      hint: 'write the trace to a file to play it with --loop',
    });
  }
  return options;
}

/** The libraries decide for themselves which connection an operation takes. */
function refuseLibrary({
  transport,
  connections = 'pooled',
}: Pick<RunOptions, 'transport' | 'connections'>): void {
  if (transport !== 'library' || connections === 'pooled') return;
  throw new EngramTraceError('usage', `--connections ${connections} is not for --transport library`, {
    hint: 'use --transport wire, which is the default, or leave --connections out',
  });
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
  const bounds = range === undefined || startNs === undefined ? {} : boundsOf(trace, range, startNs);
  const fromNs = Math.max(bounds.fromNs ?? -Infinity, window?.startNs ?? -Infinity);
  const toNs = Math.min(bounds.toNs ?? Infinity, window?.endNs ?? Infinity);
  return Number.isFinite(fromNs) && Number.isFinite(toNs) ? { startNs: fromNs, endNs: toNs } : undefined;
}

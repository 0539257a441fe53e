import { EngramTraceError } from '../error.ts';
import type { ReplayObserver } from '../replay/ports.ts';
import { factsOf } from '../replay-log/document-facts.ts';
import { LOG_FORMAT_VERSION } from '../replay-log/log-columns.ts';
import type { ReplayLog, ReplayLogObserver } from '../replay-log/replay-log.ts';
import { teeObserver } from '../replay-log/tee-observer.ts';
import type { ResultsDocument } from '../results/document/results-document.ts';
import type { RunDeps } from './options/run-options.ts';
import type { ShardedLog } from './shards/sharded-replay-deps.ts';

/** Writes the replay log of a run, or nothing where none was asked for. */
export interface LoggedRun {
  /** `observer`, and the log behind it. */
  observe(observer: ReplayObserver): ReplayObserver;
  /** Where shards put their rows; undefined without a log. */
  readonly rows: ShardedLog | undefined;
  /** Writes the log's end and names the log in the document. What fails is told: the results are not lost with it. */
  seal(document: ResultsDocument, anchorNs: number | undefined): Promise<void>;
  /** The run gave up: nothing is left of the log. Does nothing after `seal`. */
  abort(): Promise<void>;
}

/** A run without a log. */
export const NO_LOG: LoggedRun = {
  observe: (observer) => observer,
  rows: undefined,
  seal: async () => {},
  abort: async () => {},
};

export interface LoggedRunParts {
  traceName: string;
  options: ResultsDocument['plan']['options'];
  startedMs: number;
}

/** Opens the log where the run is to have one; rejects where it can't be made. */
export async function openLoggedRun(deps: RunDeps, parts: LoggedRunParts): Promise<LoggedRun> {
  const log = await deps.openReplayLog?.({
    formatVersion: LOG_FORMAT_VERSION,
    tool: `${deps.tool.name} ${deps.tool.version}`,
    started: new Date(parts.startedMs).toISOString(),
    traceName: parts.traceName,
    optionsJson: JSON.stringify(parts.options),
  });
  if (log === undefined) return NO_LOG;
  return {
    observe: (observer) => teeObserver(observer, log.recorder()),
    rows: rowsOf(log),
    seal: (document, anchorNs) => seal(log, document, anchorNs, deps),
    abort: () => log.abort(),
  };
}

/** Where the shards of a run put their rows: what one that died had open goes among its own. */
export function rowsOf(log: ReplayLog): ShardedLog {
  const recorders = new Map<number, ReplayLogObserver>();
  return {
    append: (block, written) => log.append(block, written),
    lost: {
      onLost: (operation, disposition, shard, place) => {
        const recorder = recorders.get(shard) ?? log.recorder(shard);
        recorders.set(shard, recorder);
        if (place !== undefined) recorder.adopt(operation.number, place);
        recorder.onSettled(operation, disposition, 0);
      },
    },
  };
}

async function seal(
  log: ReplayLog,
  document: ResultsDocument,
  anchorNs: number | undefined,
  deps: RunDeps,
): Promise<void> {
  try {
    const factsJson = JSON.stringify(factsOf(document));
    const { entries, entriesLost, blocks, sha256 } = await log.finish({ anchorNs, factsJson });
    document.replay_log = { entries, entries_lost: entriesLost, blocks, sha256 };
    if (entriesLost > 0) deps.warn(`the replay log lacks ${entriesLost} operations: its disk is too slow`);
  } catch (thrown) {
    const { where, message } = EngramTraceError.from(thrown, 'io');
    deps.warn(`the replay log is not whole: ${where === undefined ? '' : `${where}: `}${message}`);
  }
}

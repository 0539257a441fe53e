import { refuseUnknownOptions } from '../refuse-unknown-options.ts';
import { replayOptions } from '../replay/replay-options.ts';
import { measureReplay } from '../replay-run/measure-replay.ts';
import { countedHeaderName } from '../replay-run/options/counted-header-name.ts';
import { RUN_OPTIONS, type RunOptions } from '../replay-run/options/run-options.ts';
import { sendersFor } from '../replay-run/shards/senders-for.ts';
import type { SpreadTargets } from '../replay-run/target/targets.ts';
import type { ResultsDocument } from '../results/document/results-document.ts';
import { openDocumentFile } from './document-file.ts';
import { inOptionWords } from './in-option-words.ts';
import { refuseSameFile } from './refuse-same-file.ts';
import { type ReplayTarget, refuseUnknownTargets, targetsOf } from './replay-target.ts';
import { type RunDepsOptions, runDepsOf } from './run-deps.ts';
import { type TraceInput, withTrace } from './with-trace.ts';

/** Everything about a replay but the trace and its target. What is left out is as the command has it. */
export interface RunReplayOptions
  extends Omit<RunOptions, 'trace' | keyof SpreadTargets>,
    Omit<RunDepsOptions, 'precision'> {
  /** File that the results document is written to; a file that exists is an error unless `force` is set. */
  output?: string | undefined;
}

/** All there are: the compiler finds one that is missing. */
const OPTIONS: Record<keyof RunReplayOptions, true> = {
  ...RUN_OPTIONS,
  clock: true,
  nowMs: true,
  tool: true,
  host: true,
  health: true,
  openReplayLog: true,
  openFileLimit: true,
  signal: true,
  warn: true,
  onPrepare: true,
  onStart: true,
  judge: true,
  replayLog: true,
  force: true,
  output: true,
};

/**
 * Replays a trace, named or open, against a target and measures it. A third argument that is a text names the file for
 * the results. Resolves with the results document whatever the target did, and also when interrupted by `signal`; rejects
 * with `usage` for a refused origin or impossible options, with `empty` where the trace holds nothing to send, and with
 * `target` where nobody is there.
 */
export function runReplay(
  trace: TraceInput,
  target: ReplayTarget,
  given: string | RunReplayOptions = {},
): Promise<ResultsDocument> {
  return inOptionWords(async () => {
    const options: RunReplayOptions = typeof given === 'string' ? { output: given } : given;
    refuseUnknownOptions(options, OPTIONS, 'of runReplay');
    refuseUnknownOptions(options.replay ?? {}, replayOptions(), 'of replay');
    refuseUnknownTargets(target);
    return playTrace(trace, targetsOf(target), options);
  });
}

/** Does the same for the command, which has looked at its flags itself and names them in what it says. */
export async function playTrace(
  trace: TraceInput,
  targets: SpreadTargets,
  options: RunReplayOptions,
): Promise<ResultsDocument> {
  const { output, replayLog, force } = options;
  const outputs = [
    { flag: 'output', path: output },
    { flag: 'replayLog', path: replayLog },
  ];
  refuseSameFile([{ flag: 'trace', path: typeof trace === 'string' ? trace : undefined }], outputs);
  const countByHeader = options.countByHeader && countedHeaderName(options.countByHeader);
  return withTrace(trace, async (opened) => {
    const asked: RunOptions = { ...options, trace: opened, ...targets, countByHeader };
    const sink = output === undefined ? undefined : await openDocumentFile(output, { force });
    try {
      const document = await measureReplay(
        { ...asked, senders: asked.senders ?? sendersFor(asked) },
        runDepsOf({ ...options, precision: asked.replay?.precision }),
      );
      const undelivered = await sink?.deliver(document);
      if (undelivered !== undefined) throw undelivered;
      return document;
    } finally {
      await sink?.abort();
    }
  });
}

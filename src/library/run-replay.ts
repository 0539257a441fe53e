import { measureReplay } from '../replay-run/measure-replay.ts';
import type { RunOptions } from '../replay-run/options/run-options.ts';
import { sendersFor } from '../replay-run/shards/senders-for.ts';
import type { Targets } from '../replay-run/target/targets.ts';
import type { ResultsDocument } from '../results/document/results-document.ts';
import type { Trace } from '../trace/trace.ts';
import { openDocumentFile } from './document-file.ts';
import { refuseSameFile } from './refuse-same-file.ts';
import { type ReplayTarget, targetsOf } from './replay-target.ts';
import { type RunDepsOptions, runDepsOf } from './run-deps.ts';
import { withTrace } from './with-trace.ts';

/** Everything about a replay but the trace and its target. What is left out is as the command has it. */
export interface RunReplayOptions
  extends Omit<RunOptions, 'trace' | keyof Targets>,
    Omit<RunDepsOptions, 'precision'> {
  /** File that the results document is written to; a file that exists is an error unless `force` is set. */
  output?: string | undefined;
}

/**
 * Replays a trace, named or open, against a target and measures it. A third argument that is a text names the file for
 * the results. Resolves with the results document whatever the target did, and also when interrupted by `signal`; rejects
 * with `usage` for a refused origin or impossible options, with `empty` where the trace holds nothing to send, and with
 * `target` where nobody is there.
 */
export async function runReplay(
  trace: string | Trace,
  target: ReplayTarget,
  given: string | RunReplayOptions = {},
): Promise<ResultsDocument> {
  const options: RunReplayOptions = typeof given === 'string' ? { output: given } : given;
  const { output, replayLog, force } = options;
  const outputs = [
    { flag: 'output', path: output },
    { flag: 'replayLog', path: replayLog },
  ];
  refuseSameFile([{ flag: 'trace', path: typeof trace === 'string' ? trace : undefined }], outputs);
  return withTrace(trace, async (opened) => {
    const run: RunOptions = { ...options, trace: opened, ...targetsOf(target) };
    const sink = output === undefined ? undefined : await openDocumentFile(output, { force });
    try {
      const document = await measureReplay(
        { ...run, senders: run.senders ?? sendersFor(run) },
        runDepsOf({ ...options, precision: run.replay?.precision }),
      );
      const undelivered = await sink?.deliver(document);
      if (undelivered !== undefined) throw undelivered;
      return document;
    } finally {
      await sink?.abort();
    }
  });
}

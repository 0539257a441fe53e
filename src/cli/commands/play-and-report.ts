import { existsSync } from 'node:fs';
import type { DocumentSink } from '../../library/document-file.ts';
import type { LogHeader, ReplayLog } from '../../replay-log/replay-log.ts';
import type { RunOptions } from '../../replay-run/options/run-options.ts';
import { isUnanswered } from '../../results/document/is-unanswered.ts';
import type { ResultsDocument } from '../../results/document/results-document.ts';
import { linesText } from '../../visible-text.ts';
import { EXIT } from '../exit/exit-code.ts';
import { replayExitCode } from '../exit/replay-exit-code.ts';
import { watchSignals } from '../exit/watch-signals.ts';
import { judgeOf, type LimitFlags } from '../flags/limit-flags.ts';
import { isStdout } from '../output/is-stdout.ts';
import { reportWarnings } from '../output/warnings.ts';
import { tell } from '../people/people.ts';
import type { BeforeReplay } from './play-shown.ts';

const UNANSWERED =
  'engram-trace: no operation got an answer; is the target up? (--endpoint, --grpc-endpoint)\n';

/** The flags of a run about what comes out of it. */
export interface ReportFlags extends LimitFlags {
  output: string;
  replayLog?: string;
  hlog?: string;
  skipDamaged?: boolean;
  force?: boolean;
  quiet?: boolean;
}

/** Plays a run, writes its document and its log, tells what came of it, and sets the exit code. */
export async function playAndReport(
  run: RunOptions,
  flags: ReportFlags,
  before: BeforeReplay = async () => ({}),
): Promise<void> {
  const { trace } = run;
  const judge = await judgeOf(flags, run.watch !== undefined);
  const { playShown } = await import('./play-shown.ts');
  // Now, and not when it is needed: sockets may have taken every file descriptor by then.
  const { summaryText } = await import('../text/replay-text.ts');
  const { openHlogSink } = await import('../output/hlog-sink.ts');
  const { openDocumentSink } = await import('../output/document-sink.ts');
  // Minded from before the output is there: a signal that comes while it is opened leaves nothing behind either.
  const opening: { sink?: Promise<DocumentSink>; hlog?: Promise<DocumentSink> | undefined } = {};
  const log = replayLogOf(flags, () => interrupt.received() !== undefined);
  const abortOutput = async (): Promise<void> => {
    for (const each of [opening.sink, opening.hlog]) await (await each?.catch(() => undefined))?.abort();
  };
  const interrupt = watchSignals(async () => void (await Promise.all([abortOutput(), log.leave()])));
  opening.sink = openDocumentSink(flags.output, flags.force);
  opening.hlog = flags.hlog === undefined ? undefined : openHlogSink(flags.hlog, flags.force);
  const [sink, hlog] = await Promise.all([opening.sink, opening.hlog]).catch(async (thrown: unknown) => {
    await abortOutput();
    interrupt.stop();
    throw thrown;
  });
  try {
    const { signal } = interrupt;
    const document = await playShown(run, before, {
      quiet: flags.quiet,
      signal,
      openReplayLog: log.open,
      judge: judge?.judge,
    });
    interrupt.delivering();
    if (keepsOld(document, flags)) {
      await abortOutput();
      tell(linesText([`engram-trace: nothing was sent, and ${flags.output} stays as it was`]));
      process.exitCode = replayExitCode(document, interrupt.received(), flags);
      return;
    }
    const lost = [await sink.deliver(document), await hlog?.deliver(document)];
    const undelivered = lost.find((error) => error !== undefined);
    if (!flags.quiet) {
      const checklist = judge?.text();
      tell(summaryText(document) + notesText(document));
      if (checklist !== undefined) tell(linesText(checklist.split('\n')));
    }
    reportWarnings(trace, flags);
    const isLogLost = flags.replayLog !== undefined && document.replay_log === null;
    const code = isLogLost ? EXIT.failed : replayExitCode(document, interrupt.received(), flags);
    if (code === EXIT.failed && isUnanswered(document)) tell(UNANSWERED);
    if (code !== EXIT.ok) process.exitCode = code;
    if (undelivered !== undefined) throw undelivered;
  } catch (thrown) {
    await abortOutput();
    throw thrown;
  } finally {
    interrupt.stop();
  }
}

/** What was interrupted before its first operation takes the place of no results. */
function keepsOld({ summary }: ResultsDocument, { output }: ReportFlags): boolean {
  return summary.stop === 'interrupted' && summary.total_operations === 0 && isThere(output);
}

function isThere(path: string): boolean {
  return !isStdout(path) && existsSync(path);
}

function notesText({ notes }: Pick<ResultsDocument, 'notes'>): string {
  return notes.length === 0 ? '' : linesText(notes.map((note) => `note: ${note}`));
}

/** A log without an operation, beside results that stay, takes the place of none. */
function keepingOld(log: ReplayLog, isInterrupted: () => boolean): ReplayLog {
  const finish: ReplayLog['finish'] = async (end) => {
    if (end.anchorNs !== undefined || !isInterrupted()) return log.finish(end);
    await log.abort();
    return { entries: 0, entriesLost: 0, blocks: 0, sha256: '' };
  };
  return {
    recorder: (shard) => log.recorder(shard),
    append: (block, written) => log.append(block, written),
    finish,
    close: () => log.close(),
    abort: () => log.abort(),
  };
}

/** The log of `--replay-log`. Who leaves at once keeps what is written of it, without an end. */
function replayLogOf({ output, replayLog: path, force }: ReportFlags, isInterrupted: () => boolean) {
  let opened: Promise<ReplayLog> | undefined;
  const open = (header: LogHeader): Promise<ReplayLog> => {
    opened = import('../../replay-log/start-replay-log.ts').then(({ startReplayLog }) =>
      startReplayLog({ path: path ?? '', force, header }),
    );
    return opened.then((log) =>
      isThere(output) && isThere(path ?? '') ? keepingOld(log, isInterrupted) : log,
    );
  };
  const leave = async (): Promise<void> => (await opened?.catch(() => undefined))?.close();
  return { open: path === undefined ? undefined : open, leave };
}

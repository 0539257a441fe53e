import { Command } from 'commander';
import type { DocumentSink } from '../../library/document-file.ts';
import { refuseSameFile } from '../../library/refuse-same-file.ts';
import type { LogHeader, ReplayLog } from '../../replay-log/replay-log.ts';
import type { RunProgress } from '../../replay-run/options/run-options.ts';
import type { Trace } from '../../trace/trace.ts';
import { EXIT } from '../exit/exit-code.ts';
import { leaveBySignal } from '../exit/leave.ts';
import { isUnanswered, replayExitCode } from '../exit/replay-exit-code.ts';
import { mindSignals, releaseSignals } from '../exit/signals.ts';
import { type ReplayFlags, runOptionsOf, withReplayFlags } from '../flags/replay-flags.ts';
import { refuseUnnamedTarget, targetsMeant } from '../input/refuse-unnamed-target.ts';
import { resolveTrace } from '../input/resolve-trace.ts';
import { printJson, printText } from '../output/stdout.ts';
import { printWarning, reportWarnings } from '../output/warnings.ts';
import { tell } from '../people/people.ts';
import { createProgress, type Progress } from '../people/progress.ts';

/** `engram-trace replay`: sends a trace to a server and writes what was measured. */
export function makeReplayCommand(): Command {
  return withReplayFlags(new Command('replay')).action(runReplayCommand);
}

async function runReplayCommand(
  argument: string | undefined,
  flagsGiven: ReplayFlags,
  command: Command,
): Promise<void> {
  const given = await resolveTrace(argument, flagsGiven);
  if (given.dryRun) releaseSignals();
  else refuseLostFile(given);
  const { openInput } = await import('../input/open-input.ts');
  const isNamed = (attribute: string): boolean => command.getOptionValueSource(attribute) !== 'default';
  const trace = await openInput(given.trace);
  try {
    const named = { http: isNamed('endpoint'), grpc: isNamed('grpcEndpoint') };
    const { http, grpc } = targetsMeant(named, { http: given.endpoint, grpc: given.grpcEndpoint });
    const flags = { ...given, endpoint: http, grpcEndpoint: grpc };
    const refuse = (): void => refuseUnnamedTarget(named, trace);
    if (flags.dryRun) {
      await printPlan(flags, trace, refuse);
    } else {
      refuse();
      await replayAndReport(flags, trace);
    }
  } finally {
    await trace.close();
    // A pipe nobody writes to any more would keep the process alive.
    if (given.trace === '-') process.stdin.destroy();
  }
}

/** The results and the log each need a file of their own, and the trace has to outlive the run. */
function refuseLostFile({ trace, output, replayLog }: ReplayFlags): void {
  const outputs = [
    { flag: '--output', path: output },
    { flag: '--replay-log', path: replayLog },
  ];
  refuseSameFile([{ flag: '--trace', path: trace }], outputs);
}

/** Prints the plan (`--dry-run`), and what a run would refuse: the plan may be looked at all the same. */
async function printPlan(flags: ReplayFlags, trace: Trace, refuse: () => void): Promise<void> {
  const { planReplay } = await import('../../replay-run/plan-replay.ts');
  const { refusalBy } = await import('../../replay-run/refusals.ts');
  const { planJson, planText } = await import('../text/replay-text.ts');
  const plan = await planReplay(await runOptionsOf(flags, trace));
  const refusals = [...refusalBy(() => refuseLostFile(flags)), ...refusalBy(refuse), ...plan.refusals];
  if (flags.json) await printJson(planJson(plan, refusals), 2);
  else await printText(planText(plan));
  for (const { message, hint } of refusals) {
    printWarning(
      `without --dry-run this would be refused: ${message}${hint === undefined ? '' : ` (${hint})`}`,
    );
  }
  reportWarnings(trace, flags);
}

const UNANSWERED =
  'engram-trace: no operation got an answer; is the target up? (--endpoint, --grpc-endpoint)\n';

async function replayAndReport(flags: ReplayFlags, trace: Trace): Promise<void> {
  const run = await runOptionsOf(flags, trace);
  const { runReplay } = await import('../../library/run-replay.ts');
  // Now, and not when it is needed: sockets may have taken every file descriptor by then.
  const { preparingText, progressText, summaryText } = await import('../text/replay-text.ts');
  const { openDocumentSink } = await import('../output/document-sink.ts');
  // Minded from before the output is there: a signal that comes while it is opened leaves nothing behind either.
  const opening = { sink: undefined as Promise<DocumentSink> | undefined };
  const log = replayLogOf(flags);
  const abortOutput = async (): Promise<void> => (await opening.sink?.catch(() => undefined))?.abort();
  const interrupt = watchSignals(async () => void (await Promise.all([abortOutput(), log.leave()])));
  opening.sink = openDocumentSink(flags.output, flags.force);
  const sink = await opening.sink.catch((thrown: unknown) => {
    interrupt.stop();
    throw thrown;
  });
  const shown = createShow(await createProgress(flags), progressText);
  try {
    const document = await runReplay(trace, run, {
      ...run,
      warn: printWarning,
      signal: interrupt.signal,
      onPrepare: (spaces) => {
        if (!flags.quiet) tell(preparingText(spaces));
      },
      onStart: shown.start,
      openReplayLog: log.open,
    });
    shown.stop();
    interrupt.delivering();
    const undelivered = await sink.deliver(document);
    if (!flags.quiet) tell(summaryText(document));
    reportWarnings(trace, flags);
    const isLogLost = flags.replayLog !== undefined && document.replay_log === null;
    const code = isLogLost ? EXIT.failed : replayExitCode(document, interrupt.received());
    if (code === EXIT.failed && isUnanswered(document)) tell(UNANSWERED);
    if (code !== EXIT.ok) process.exitCode = code;
    if (undelivered !== undefined) throw undelivered;
  } catch (thrown) {
    shown.stop();
    await sink.abort();
    throw thrown;
  } finally {
    interrupt.stop();
  }
}

/** The log of `--replay-log`. Who leaves at once keeps what is written of it, without an end. */
function replayLogOf({ replayLog: path, force }: ReplayFlags) {
  let opened: Promise<ReplayLog> | undefined;
  const open = (header: LogHeader): Promise<ReplayLog> => {
    opened = import('../../replay-log/start-replay-log.ts').then(({ startReplayLog }) =>
      startReplayLog({ path: path ?? '', force, header }),
    );
    return opened;
  };
  const leave = async (): Promise<void> => (await opened?.catch(() => undefined))?.close();
  return { open: path === undefined ? undefined : open, leave };
}

interface Interrupt {
  signal: AbortSignal;
  received(): NodeJS.Signals | undefined;
  /** From now on only the delivery of the document is left, and a first signal gives it little time. */
  delivering(): void;
  stop(): void;
}

/** A replay that was told to stop gets this long to write a document that is ready. */
const DELIVERY_MS = 30_000;
/** Removing what would be left behind gets this long: the disk may hang. */
const LEAVE_MS = 500;

/** The first signal ends the replay early, a second one the process, as soon as `cleanUp` is done or hangs. */
function watchSignals(cleanUp: () => Promise<void>): Interrupt {
  const controller = new AbortController();
  let received: NodeJS.Signals | undefined;
  let isDelivering = false;
  const leave = (signal: NodeJS.Signals): void => {
    const now = (): void => void leaveBySignal(signal);
    setTimeout(now, LEAVE_MS);
    void cleanUp().finally(now);
  };
  const first = (signal: NodeJS.Signals): void => {
    received = signal;
    tell('engram-trace: stopping; what was measured will be written (again to leave at once)\n');
    controller.abort();
    if (isDelivering) setTimeout(() => leave(signal), DELIVERY_MS).unref();
  };
  return {
    signal: controller.signal,
    received: () => received,
    delivering: () => {
      isDelivering = true;
      if (received !== undefined) {
        const signal = received;
        setTimeout(() => leave(signal), DELIVERY_MS).unref();
      }
    },
    stop: mindSignals(first, leave),
  };
}

interface Show {
  start(progress: RunProgress): void;
  stop(): void;
}

const SHOW_EVERY_MS = 250;

/** Makes a progress line that shows these words. */
function createShow(
  line: Progress,
  words: (progress: RunProgress, elapsedSecs: number, ratePerSec: number) => string,
): Show {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const start = (progress: RunProgress): void => {
    // A pipe that ends after the replay was interrupted starts it when all is over.
    if (isStopped) return;
    const startedMs = performance.now();
    let before = { atMs: startedMs, sent: 0 };
    timer = setInterval(() => {
      line.update(() => {
        const atMs = performance.now();
        const { sent } = progress.live();
        const ratePerSec = ((sent - before.sent) / (atMs - before.atMs)) * 1000;
        before = { atMs, sent };
        return words(progress, (atMs - startedMs) / 1000, ratePerSec);
      });
    }, SHOW_EVERY_MS);
  };
  return {
    start,
    stop: () => {
      isStopped = true;
      clearInterval(timer);
      line.stop();
    },
  };
}

import { Command } from 'commander';
import { refuseSameFile } from '../../library/refuse-same-file.ts';
import type { RunOptions } from '../../replay-run/options/run-options.ts';
import type { Trace } from '../../trace/trace.ts';
import { linesText } from '../../visible-text.ts';
import { releaseSignals } from '../exit/signals.ts';
import { judgeOf } from '../flags/limit-flags.ts';
import { type ReplayFlags, runOptionsOf } from '../flags/replay-flags.ts';
import { withReplayFlags } from '../flags/with-replay-flags.ts';
import { refuseUnnamedTarget, targetsMeant } from '../input/refuse-unnamed-target.ts';
import { resolveTrace } from '../input/resolve-trace.ts';
import { printJson, printText } from '../output/stdout.ts';
import { printWarning, reportWarnings } from '../output/warnings.ts';
import { tell } from '../people/people.ts';
import { playAndReport } from './play-and-report.ts';
import type { BeforeReplay } from './play-shown.ts';

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
  try {
    await playByFlags(given, command, async () => {
      const { openInput } = await import('../input/open-input.ts');
      return openInput(given.trace);
    });
  } finally {
    // A pipe nobody writes to any more would keep the process alive.
    if (given.trace === '-') process.stdin.destroy();
  }
}

/** Plays the trace that `open` opens, or prints its plan (`--dry-run`), as the flags say. */
export async function playByFlags(
  given: ReplayFlags,
  command: Command,
  open: () => Promise<Trace>,
  more: Partial<RunOptions> = {},
  before?: BeforeReplay,
): Promise<void> {
  if (given.dryRun) releaseSignals();
  else refuseLostFile(given);
  const trace = await open();
  try {
    const { run, flags, refuse } = await runByFlags(given, command, trace, more);
    if (flags.dryRun) return await printPlan(run, flags, refuse);
    refuse();
    await playAndReport(run, flags, before);
  } finally {
    await trace.close();
  }
}

/** A run as flags have it, the flags with the targets that are meant, and what throws where one is missing. */
export interface RunByFlags {
  run: RunOptions;
  flags: ReplayFlags;
  refuse(): void;
}

/** Makes a run of a trace by flags, and of `more`, which beats them. */
export async function runByFlags(
  given: ReplayFlags,
  command: Command,
  trace: Trace,
  more: Partial<RunOptions> = {},
): Promise<RunByFlags> {
  const isNamed = (attribute: string): boolean => command.getOptionValueSource(attribute) !== 'default';
  const named = { http: isNamed('endpoint'), grpc: isNamed('grpcEndpoint') };
  const { http, grpc } = targetsMeant(named, { http: given.endpoint, grpc: given.grpcEndpoint });
  const flags = { ...given, endpoint: http, grpcEndpoint: grpc };
  const refuse = (): void => refuseUnnamedTarget(named, trace);
  return { run: { ...(await runOptionsOf(flags, trace)), ...more }, flags, refuse };
}

/** The results and the log each need a file of their own, and the trace has to outlive the run. */
function refuseLostFile({ trace, output, replayLog, hlog }: ReplayFlags): void {
  const outputs = [
    { flag: '--output', path: output },
    { flag: '--replay-log', path: replayLog },
    { flag: '--hlog', path: hlog },
  ];
  refuseSameFile([{ flag: '--trace', path: trace }], outputs);
}

/** Prints the plan (`--dry-run`), and what a run would refuse: the plan may be looked at all the same. */
async function printPlan(run: RunOptions, flags: ReplayFlags, refuse: () => void): Promise<void> {
  const { isCountedOnly, planReplay } = await import('../../replay-run/plan-replay.ts');
  const { refusalBy } = await import('../../replay-run/refusals.ts');
  const { planJson, planText } = await import('../text/plan-text.ts');
  await judgeOf(flags, run.watch !== undefined);
  if (isCountedOnly(run)) tell(linesText(countingLines(run.trace.hints.records ?? 0)));
  const plan = await planReplay(run);
  const refusals = [...refusalBy(() => refuseLostFile(flags)), ...refusalBy(refuse), ...plan.refusals];
  if (flags.json) await printJson(planJson(plan, refusals), 2);
  else await printText(planText(plan));
  for (const { message, hint } of refusals) {
    printWarning(
      `without --dry-run this would be refused: ${message}${hint === undefined ? '' : ` (${hint})`}`,
    );
  }
  reportWarnings(run.trace, flags);
}

/** About so many operations are counted in a second of CPU. */
const COUNTED_PER_SEC = 8e6;

function countingLines(operations: number): string[] {
  const secs = operations / COUNTED_PER_SEC;
  return secs < 1
    ? []
    : [`engram-trace: counting some ${operations} operations, which takes about ${Math.ceil(secs)} s`];
}

import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { EngramTraceError } from '../../error.ts';
import { durationText } from '../../inspect/number-text.ts';
import { refuseSameFile } from '../../library/refuse-same-file.ts';
import { didYouMean } from '../../nearest.ts';
import { allTargets } from '../../replay-run/target/targets.ts';
import { type FoundSuite, findSuite } from '../../suite/find-suite.ts';
import { playSuite, type SuitePlayer } from '../../suite/play-suite.ts';
import { resumeSuite } from '../../suite/resume-suite.ts';
import type { Suite, SuiteRun } from '../../suite/suite.ts';
import { loadSection, newSuiteDocument, type SuiteDocument } from '../../suite/suite-document.ts';
import { VERSION } from '../../version.ts';
import { linesText } from '../../visible-text.ts';
import { wallClockMs } from '../../wall-clock.ts';
import { EXIT } from '../exit/exit-code.ts';
import { releaseSignals } from '../exit/signals.ts';
import { suiteExitCode } from '../exit/suite-exit-code.ts';
import { type Interrupt, watchSignals } from '../exit/watch-signals.ts';
import { judgeOf } from '../flags/limit-flags.ts';
import { isStdout } from '../output/is-stdout.ts';
import { printJson, printText } from '../output/stdout.ts';
import { earlierDocument, openSuiteOutput, type SuiteOutput } from '../output/suite-output.ts';
import { tell } from '../people/people.ts';
import { loadText, runEndText, suitePlanTable, suiteTable } from '../text/suite-text.ts';
import { type PlannedRun, plannedRuns, type SuiteRunFlags } from './planned-runs.ts';
import { type Beside, playShown } from './play-shown.ts';

/** The suite of the guide. */
const USUAL_SUITE = 'scalability';

/** Runs a suite, or prints what it would run (`--dry-run`), as the flags say. */
export async function runSuite(
  named: string | undefined,
  flags: SuiteRunFlags,
  command: Command,
): Promise<void> {
  const { duration: durationNs, coolDown: coolDownNs, seed } = flags;
  const isGiven = command.getOptionValueSource('seed') !== 'default';
  const found = findSuite(named ?? USUAL_SUITE, { durationNs, coolDownNs, seed: isGiven ? seed : undefined });
  refuseUnknownRuns(found.suite, flags.only ?? []);
  if (flags.dryRun) {
    releaseSignals();
    if (flags.json) await printJson(found.suite, 2);
    else await printText(linesText(suitePlanTable(found.suite)));
    return;
  }
  refuseSameFile([{ flag: 'the suite', path: found.file }], [{ flag: '--output', path: flags.output }]);
  const planned = await plannedRuns(found.suite, flags, command);
  const begun = begunDocument(found.suite, flags, planned);
  const isWatched = [...planned.values()].some(({ run }) => run.watch !== undefined);
  const judge = await judgeOf(flags, isWatched);
  if (!flags.quiet) tell(linesText(headLines(found, named, begun)));
  await playAndReport(found.suite, begun, planned, { ...flags, judge: judge?.judge });
}

function refuseUnknownRuns({ runs }: Suite, only: readonly string[]): void {
  const names = runs.map(({ name }) => name);
  const unknown = only.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new EngramTraceError('usage', `--only: the suite has no run '${unknown}'`, {
    hint: didYouMean(unknown, names, `it has ${names.join(', ')}`),
  });
}

/** What there is before the first run: nothing, or what an earlier run of the suite left. */
function begunDocument(
  suite: Suite,
  flags: SuiteRunFlags,
  planned: ReadonlyMap<string, PlannedRun>,
): SuiteDocument {
  const first = [...planned.values()][0]?.run;
  const targets = first === undefined ? [] : allTargets(first);
  const fresh = newSuiteDocument(suite, {
    tool: { name: 'engram-trace', version: VERSION },
    targets: targets.map(({ http, grpc }) => ({ http: http?.url ?? null, grpc: grpc?.url ?? null })),
    timestamp: new Date(wallClockMs()).toISOString(),
  });
  if (!flags.resume) return fresh;
  if (isStdout(flags.output)) {
    throw new EngramTraceError('usage', '--resume goes on with a file, and --output names none', {
      hint: 'name the one that was written: --output FILE --resume',
    });
  }
  if (flags.force) throw new EngramTraceError('usage', '--force begins anew, and --resume goes on: give one');
  const before = earlierDocument(flags.output);
  return before === undefined ? fresh : resumeSuite(fresh, before, flags.output);
}

function headLines(
  { suite, file, isInstead }: FoundSuite,
  named = USUAL_SUITE,
  begun: SuiteDocument,
): string[] {
  const done = begun.runs.filter(({ status }) => status === 'done').map(({ name }) => name);
  return [
    ...(isInstead ? [`engram-trace: there is no ${named}: taking the shipped suite ${file}`] : []),
    `engram-trace: ${suite.name}: ${suite.runs.length} runs`,
    ...(done.length === 0 ? [] : [`engram-trace: done before: ${done.join(', ')}`]),
  ];
}

async function playAndReport(
  suite: Suite,
  begun: SuiteDocument,
  planned: ReadonlyMap<string, PlannedRun>,
  flags: SuiteRunFlags & Pick<Beside, 'judge'>,
): Promise<void> {
  const opening = { output: undefined as Promise<SuiteOutput> | undefined };
  const interrupt = watchSignals(async () => (await opening.output?.catch(() => undefined))?.abort());
  try {
    opening.output = openSuiteOutput(flags.output, flags.force === true || flags.resume === true);
    const output = await opening.output;
    const isWanted = (name: string): boolean => flags.only?.includes(name) ?? true;
    const document = await playSuite(suite, begun, playerOf(planned, output, interrupt, flags), isWanted);
    interrupt.delivering();
    const undelivered = await output.finish(document);
    if (!flags.quiet) tell(linesText(suiteTable(document)));
    const code = suiteExitCode(document, interrupt.received(), flags);
    if (code !== EXIT.ok) process.exitCode = code;
    if (undelivered !== undefined) throw undelivered;
  } catch (thrown) {
    await (await opening.output?.catch(() => undefined))?.abort();
    throw thrown;
  } finally {
    interrupt.stop();
  }
}

function playerOf(
  planned: ReadonlyMap<string, PlannedRun>,
  output: SuiteOutput,
  { signal }: Interrupt,
  { quiet, judge }: SuiteRunFlags & Pick<Beside, 'judge'>,
): SuitePlayer {
  const say = (text: string): void => (quiet ? undefined : tell(linesText([`engram-trace: ${text}`])));
  return {
    play: ({ name }) => {
      const { run, before = async () => ({}) } = planned.get(name) as PlannedRun;
      return playShown(run, before, { quiet, signal, judge });
    },
    pause: (ns) => {
      say(`${durationText(ns / 1e9)} of cool-down`);
      return wait(ns / 1e6, undefined, { signal }).catch(() => {});
    },
    save: (document) => output.save(document),
    isStopped: () => signal.aborted,
    onRun: (run, number) => say(`run ${number} of ${planned.size}: ${run.name}: ${runText(run)}`),
    onRunEnd: (entry) => say(runEndText(entry)),
  };
}

function runText({ load }: SuiteRun): string {
  const section = loadSection(load);
  return `${loadText(section)}, at most ${durationText(section.duration_secs)}`;
}

import { Command, Option } from 'commander';
import { EngramTraceError } from '../../error.ts';
import { refuseSameFile } from '../../library/refuse-same-file.ts';
import { hostSection } from '../../results/document/host-section.ts';
import type { Trace } from '../../trace/trace.ts';
import { VERSION } from '../../version.ts';
import { linesText } from '../../visible-text.ts';
import { withCleanUp } from '../exit/signals.ts';
import { parseCount } from '../flags/flag-parsers.ts';
import { parseDuration } from '../flags/parse-duration.ts';
import { type ReplayFlags, runOptionsOf } from '../flags/replay-flags.ts';
import { withReplayFlags } from '../flags/with-replay-flags.ts';
import { withInput } from '../input/open-input.ts';
import { resolveTrace } from '../input/resolve-trace.ts';
import { openDocumentSink } from '../output/document-sink.ts';
import { printWarning } from '../output/warnings.ts';
import { tell } from '../people/people.ts';

interface CalibrateFlags extends ReplayFlags {
  stepTime: number;
  maxSteps: number;
}

/** Flags of `replay` that say where to send, and what with, or that have a meaning of their own here. */
const NOT_HERE = new Set([
  '--endpoint',
  '--grpc-endpoint',
  '--header',
  '--count-by-header',
  '--ca',
  '--cert',
  '--key',
  '--servername',
  '--insecure',
  '--allow-origin',
  '--dry-run',
  '--json',
  '--loop',
  '--output',
  '--replay-log',
  '--hlog',
  '--prepare',
  '--prepare-timeout',
  '--watch-pid',
  '--watch-host',
  '--scrape',
  '--scrape-metric',
  '--limits',
  '--preset',
  '--fail-if',
  '--judge-anyway',
  '--strict',
]);

/** `engram-trace calibrate`: the generator's own floor and limit on this machine, for one plan. */
export function makeCalibrateCommand(): Command {
  const command = withReplayFlags(new Command('calibrate'));
  const kept = command.options.filter(({ long }) => !NOT_HERE.has(long ?? ''));
  (command.options as unknown[]).splice(0, command.options.length, ...kept);
  return command
    .addOption(
      new Option('--step-time <time>', 'longest time for one rate')
        .argParser(parseDuration)
        .default(5e9, '5s'),
    )
    .option('--max-steps <count>', 'most doublings of the rate', parseCount, 8)
    .option('-o, --output <file>', 'what was measured, as JSON; - for stdout', '-')
    .action(runCalibrate);
}

async function runCalibrate(argument: string | undefined, given: CalibrateFlags): Promise<void> {
  const flags = await resolveTrace(argument, given);
  if (flags.trace === '-') {
    throw new EngramTraceError(
      'usage',
      'calibrate plays the trace several times, and a pipe can be read once',
      {
        hint: 'write the trace to a file',
      },
    );
  }
  if (flags.timing.kind === 'asap') {
    throw new EngramTraceError('usage', '--timing asap plans no times, and there is nothing to keep');
  }
  refuseSameFile([{ flag: '--trace', path: flags.trace }], [{ flag: '--output', path: flags.output }]);
  await withInput(flags.trace, (trace) => calibrateAndReport(flags, trace));
}

async function calibrateAndReport(flags: CalibrateFlags, trace: Trace): Promise<void> {
  const { calibrateOpened } = await import('../../library/calibrate-trace.ts');
  const { calibrationText, stepText, windowText } = await import('../../calibrate/calibration-text.ts');
  const run = await runOptionsOf(flags, trace);
  const say = (text: string): void => {
    if (!flags.quiet) tell(linesText([text]));
  };
  const sink = await openDocumentSink(flags.output, flags.force);
  await withCleanUp(
    () => sink.abort(),
    async () => {
      const found = await calibrateOpened(trace, {
        ...run,
        transport: flags.transport,
        stepSeconds: flags.stepTime / 1e9,
        maxSteps: flags.maxSteps,
        onFirstWindow: (window) => say(windowText(window)),
        onStep: (step) => say(stepText(step)),
        warn: (text) => {
          if (!flags.quiet) printWarning(text);
        },
      });
      const document = {
        schema_version: 1,
        tool: { name: 'engram-trace', version: VERSION },
        trace: trace.name,
        host: hostSection(),
        ...found,
      };
      const undelivered = await sink.deliver(document);
      if (!flags.quiet) tell(calibrationText(found));
      if (undelivered !== undefined) throw undelivered;
    },
  );
}

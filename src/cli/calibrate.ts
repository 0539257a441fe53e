import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import type { BusiestPart } from '../calibrate/busiest-part.ts';
import type { PlayStep } from '../calibrate/calibrate.ts';
import { EngramTraceError } from '../error.ts';
import type { Timing } from '../replay/replay-options.ts';
import type { RunDeps, RunOptions } from '../replay-run/options/run-options.ts';
import { parseGrpcEndpoint, parseHttpEndpoint } from '../replay-run/target/endpoint.ts';
import type { Trace } from '../trace/trace.ts';
import { VERSION } from '../version.ts';
import { linesText } from '../visible-text.ts';
import { openDocumentSink } from './document-sink.ts';
import { parseCount } from './flag-parsers.ts';
import { withInput } from './open-input.ts';
import { parseDuration } from './parse-duration.ts';
import { tell } from './people/people.ts';
import { refuseSameFile } from './refuse-same-file.ts';
import { type ReplayFlags, runOptionsOf, withReplayFlags } from './replay-flags.ts';
import { hostSection } from './replay-host.ts';
import { resolveTrace } from './resolve-trace.ts';
import { runDepsOf } from './run-deps.ts';
import { withCleanUp } from './signals.ts';
import { printWarning } from './warnings.ts';

interface CalibrateFlags extends ReplayFlags {
  stepTime: number;
  maxSteps: number;
}

/** Flags of `replay` that say where to send, and what with, or that have a meaning of their own here. */
const NOT_HERE = new Set([
  '--endpoint',
  '--grpc-endpoint',
  '--header',
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
  '--prepare',
  '--prepare-timeout',
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
  await withInput(flags.trace, (trace) => calibrateTrace(flags, trace));
}

async function calibrateTrace(flags: CalibrateFlags, trace: Trace): Promise<void> {
  const { calibrate } = await import('../calibrate/calibrate.ts');
  const { calibrationText, stepText, windowText } = await import('../calibrate/calibration-text.ts');
  const run = await runOptionsOf(flags, trace);
  const busiestAt = await busiestParts(run, flags);
  const first = busiestAt(flags.rateMultiplier);
  if (first !== undefined && !flags.quiet) tell(linesText([windowText(first.window)]));
  const sink = await openDocumentSink(flags.output, flags.force);
  const target = await startSinkProcess();
  const cleanUp = async (): Promise<void> => {
    target.stop();
    await sink.abort();
  };
  await withCleanUp(cleanUp, async () => {
    const found = await calibrate(playAgainst(target, run, flags, busiestAt), {
      multiplier: flags.rateMultiplier,
      stepSeconds: flags.stepTime / 1e9,
      maxSteps: flags.maxSteps,
      windowAt: (multiplier) => busiestAt(multiplier)?.window ?? null,
      onStep: (step) => void (flags.quiet || tell(linesText([stepText(step)]))),
    });
    target.stop();
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
  });
}

type BusiestAt = (multiplier: number) => BusiestPart | undefined;

/** A plan of even times has no busiest part. */
async function busiestParts(run: RunOptions, { timing, stepTime }: CalibrateFlags): Promise<BusiestAt> {
  if (timing.kind === 'rate') return () => undefined;
  const { createBusiestPart } = await import('../calibrate/busiest-part.ts');
  const ofLength = await createBusiestPart(run);
  return (multiplier) => ofLength(stepTime * multiplier);
}

interface SinkProcess {
  httpPort: number;
  grpcPort: number;
  stop(): void;
}

/** The null sink in a process of its own, so that its CPU time is not the generator's. */
async function startSinkProcess(): Promise<SinkProcess> {
  const entry = fileURLToPath(new URL('./null-sink-process.js', import.meta.url));
  const child = fork(entry, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const gone = once(child, 'exit').then(([code]) => {
    throw new EngramTraceError('internal', `the null sink ended with exit code ${code}`);
  });
  const [ports] = (await Promise.race([once(child, 'message'), gone])) as [Omit<SinkProcess, 'stop'>];
  gone.catch(() => {}); // That it ends later is seen by the operations.
  child.unref();
  child.channel?.unref();
  return { ...ports, stop: () => void child.kill() };
}

/** One step: the plan from its busiest part on, over and over at that rate, stopped when its time is up. */
function playAgainst(
  target: SinkProcess,
  run: RunOptions,
  flags: CalibrateFlags,
  busiestAt: BusiestAt,
): PlayStep {
  const { multiplier: _, ...plan } = run.replay ?? {};
  const warn = flags.quiet ? (): void => {} : warnOnce();
  let isFirst = true;
  return async (multiplier, seconds) => {
    const { runReplay } = await import('../replay-run/run-replay.ts');
    const stop = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const deps: RunDeps = {
      ...(await runDepsOf(flags.precision, warn)),
      signal: stop.signal,
      onStart: () => {
        timer = setTimeout(() => stop.abort(), seconds * 1000);
      },
    };
    const step: RunOptions = {
      ...run,
      range: busiestAt(multiplier)?.part ?? run.range,
      http: parseHttpEndpoint(`http://127.0.0.1:${target.httpPort}`),
      grpc: parseGrpcEndpoint(`127.0.0.1:${target.grpcPort}`),
      allowOrigin: true,
      // Threads of their own are new each time; this one has learned what it needs.
      rehearsal: isFirst || (run.senders ?? 1) > 1,
      replay: {
        ...plan,
        multiplier,
        timing: timingAt(flags.timing, multiplier),
        loops: Infinity,
        interruptDrainNs: 1e9,
      },
    };
    isFirst = false;
    try {
      return await runReplay(step, deps);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** A rate of its own does not follow the multiplier by itself. */
function timingAt(timing: Timing, multiplier: number): Timing {
  return timing.kind === 'rate' ? { kind: 'rate', perSec: timing.perSec * multiplier } : timing;
}

/** Every step says the same of the trace, but for the numbers: once is enough. */
function warnOnce(): (text: string) => void {
  const told = new Set<string>();
  return (text) => {
    const kind = text.replaceAll(/\d+/g, '');
    if (told.has(kind)) return;
    told.add(kind);
    printWarning(text);
  };
}

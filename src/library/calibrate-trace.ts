import { type BusiestPart, createBusiestPart } from '../calibrate/busiest-part.ts';
import { type CalibrateOptions, type Calibration, calibrate, type PlayStep } from '../calibrate/calibrate.ts';
import { startNullSinkProcess } from '../null-sink/start-null-sink-process.ts';
import { refuseUnknownOptions } from '../refuse-unknown-options.ts';
import { replayOptions, type Timing } from '../replay/replay-options.ts';
import { measureReplay } from '../replay-run/measure-replay.ts';
import { RUN_OPTIONS, type RunOptions } from '../replay-run/options/run-options.ts';
import { sendersFor } from '../replay-run/shards/senders-for.ts';
import { parseGrpcEndpoint, parseHttpEndpoint } from '../replay-run/target/endpoint.ts';
import type { SpreadTargets } from '../replay-run/target/targets.ts';
import type { TransportKind } from '../replay-run/target/transport-choice.ts';
import { WORTH_RECORDS } from '../replay-run/warm-up/rehearse.ts';
import { inOptionWords } from './in-option-words.ts';
import { runDepsOf } from './run-deps.ts';
import { type TraceInput, withTrace } from './with-trace.ts';

/** How to look for the generator's limit; the rest says how the plan is played, as for a replay. */
export interface CalibrateTraceOptions
  extends Omit<RunOptions, 'trace' | 'transport' | keyof SpreadTargets>,
    Pick<CalibrateOptions, 'onStep'> {
  transport?: TransportKind | undefined;
  /** Longest time for one rate; 5 s where undefined. */
  stepSeconds?: number | undefined;
  /** Most doublings of the rate; 8 where undefined. */
  maxSteps?: number | undefined;
  /** Told, before the first step, where the plan is played from. */
  onFirstWindow?: ((window: BusiestPart['window']) => void) | undefined;
  /** One sentence for people; the same one comes once. */
  warn?: ((text: string) => void) | undefined;
}

/** All there are: the compiler finds one that is missing. */
const OPTIONS: Record<keyof CalibrateTraceOptions, true> = {
  ...RUN_OPTIONS,
  stepSeconds: true,
  maxSteps: true,
  onStep: true,
  onFirstWindow: true,
  warn: true,
};

const STEP_SECONDS = 5;
const MOST_STEPS = 8;

/**
 * Plays the busiest part of a trace, named or open, against a null sink in a process of its own, at ever higher rates:
 * what the generator itself takes, and the rate up to which it keeps the plan.
 */
export function calibrateTrace(trace: TraceInput, options: CalibrateTraceOptions = {}): Promise<Calibration> {
  return inOptionWords(async () => {
    refuseUnknownOptions(options, OPTIONS, 'of calibrateTrace');
    refuseUnknownOptions(options.replay ?? {}, replayOptions(), 'of replay');
    return calibrateOpened(trace, options);
  });
}

/** Does the same for the command, which has looked at its flags itself and names them in what it says. */
export function calibrateOpened(trace: TraceInput, options: CalibrateTraceOptions): Promise<Calibration> {
  const { replay = {}, stepSeconds = STEP_SECONDS, maxSteps = MOST_STEPS, onStep } = options;
  const { multiplier = 1 } = replay;
  return withTrace(trace, async (opened) => {
    const nothing = { http: undefined, grpc: undefined, watch: undefined };
    const run: RunOptions = { ...options, trace: opened, ...nothing };
    const busiestAt = await busiestParts(run, stepSeconds);
    const first = busiestAt(multiplier);
    if (first !== undefined) options.onFirstWindow?.(first.window);
    const sink = await startNullSinkProcess();
    try {
      const http = parseHttpEndpoint(`http://127.0.0.1:${sink.httpPort}`);
      const grpc = parseGrpcEndpoint(`127.0.0.1:${sink.grpcPort}`);
      const play = playAgainst({ ...run, http, grpc }, busiestAt, options.warn);
      await warmUp(play, run);
      const windowAt = (at: number) => busiestAt(at)?.window ?? null;
      return await calibrate(play, {
        multiplier,
        stepSeconds,
        maxSteps,
        windowAt,
        ...(onStep === undefined ? {} : { onStep }),
      });
    } finally {
      await sink.close();
    }
  });
}

type BusiestAt = (multiplier: number) => BusiestPart | undefined;

/** A plan of even times has no busiest part. */
async function busiestParts(run: RunOptions, stepSeconds: number): Promise<BusiestAt> {
  if (run.replay?.timing?.kind === 'rate') return () => undefined;
  const ofLength = await createBusiestPart(run);
  return (multiplier) => ofLength(stepSeconds * 1e9 * multiplier);
}

/** One step: the plan from its busiest part on, over and over at that rate, stopped when its time is up. */
function playAgainst(run: RunOptions, busiestAt: BusiestAt, warn: CalibrateTraceOptions['warn']): PlayStep {
  const { timing, precision, ...plan } = run.replay ?? {};
  const told = onceEach(runDepsOf(warn === undefined ? {} : { warn }).warn);
  const senders = run.senders ?? sendersFor(run);
  let isFirst = true;
  return async (multiplier, seconds) => {
    const stop = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const deps = runDepsOf({
      precision,
      warn: told,
      signal: stop.signal,
      onStart: () => {
        timer = setTimeout(() => stop.abort(), seconds * 1000);
      },
    });
    const step: RunOptions = {
      ...run,
      senders,
      range: busiestAt(multiplier)?.part ?? run.range,
      allowOrigin: true,
      // Threads of their own are new each time; this one has learned what it needs.
      rehearsal: isFirst || senders > 1,
      replay: {
        ...plan,
        ...(precision === undefined ? {} : { precision }),
        ...(timing === undefined ? {} : { timing: timingAt(timing, multiplier) }),
        multiplier,
        loops: Infinity,
        interruptDrainNs: 1e9,
      },
    };
    isFirst = false;
    try {
      return await measureReplay(step, deps);
    } finally {
      clearTimeout(timer);
    }
  };
}

const WARM_PER_SEC = 2000;
const WARM_SECS = 1;

/**
 * Steps loop, so they have more operations than the trace: one too short for a rehearsal is played fast once, and nothing
 * of that counts. Else the first step, at a low rate, would measure how long code takes to be compiled.
 */
async function warmUp(play: PlayStep, { trace: { hints }, replay = {} }: RunOptions): Promise<void> {
  const { records = 0, ratePerSec } = hints;
  const perSec = replay.timing?.kind === 'rate' ? replay.timing.perSec : ratePerSec;
  if (records >= WORTH_RECORDS || perSec === undefined) return;
  await play(Math.max(1, WARM_PER_SEC / perSec), WARM_SECS);
}

/** A rate of its own does not follow the multiplier by itself. */
function timingAt(timing: Timing, multiplier: number): Timing {
  return timing.kind === 'rate' ? { kind: 'rate', perSec: timing.perSec * multiplier } : timing;
}

/** Every step says the same of the trace, but for the numbers: once is enough. */
function onceEach(warn: (text: string) => void): (text: string) => void {
  const told = new Set<string>();
  return (text) => {
    const kind = text.replaceAll(/\d+/g, '');
    if (told.has(kind)) return;
    told.add(kind);
    warn(text);
  };
}

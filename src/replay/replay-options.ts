import { EngramTraceError } from '../error.ts';
import type { TimeWindow, TraceRecord } from '../trace/record/record.ts';
import type { Danger } from './left-out.ts';

/**
 * When operations are due: at their recorded times; a session's pauses after its replayed answers; all at once; evenly
 * at a rate; or when clients whose next operation follows on an answer get to them (see client-loop.ts).
 */
export type Timing =
  | { readonly kind: 'absolute' }
  | { readonly kind: 'think' }
  | { readonly kind: 'asap' }
  | { readonly kind: 'clients' }
  | { readonly kind: 'rate'; readonly perSec: number };

/** A stretch of a replay during which recorded time passes `rate` times as fast. */
export interface PacePhase {
  /** In replay time. The last phase of a pace goes on, however long it says. */
  readonly durationNs: number;
  /** Above 0. */
  readonly rate: number;
}

/**
 * Says which operations wait for others: with `session` those that followed in a session wait for their predecessors,
 * with `open` none.
 */
export type Order = 'session' | 'open';

/** What happens to operations that can't leave when they are due. */
export type BehindPolicy = 'catch-up' | 'shed' | 'stretch' | 'abort';

/** How exactly the clock wakes, and for how much CPU (see real-clock.ts). */
export type Precision = 'eco' | 'normal' | 'spin';

/** One of `of` parts of a replay, which plays some of its sessions; `index` counts from 0. */
export interface ShardPart {
  readonly index: number;
  readonly of: number;
}

/** Everything a replay can be told. Times in ns. See `replayOptions` for the defaults. */
export interface ReplayOptions {
  /** Speed: recorded gaps are divided by it. Any number above 0. */
  multiplier: number;
  timing: Timing;
  /** Phases of the replay with a rate of their own, on top of the multiplier; none: an even pace. */
  pace: readonly PacePhase[];
  /** For the clock of the threads that send; the engine itself works with any clock. */
  precision: Precision;
  /** How often each session of the trace takes part, under names of its own. Done by the source (copy-sessions.ts). */
  copies: number;
  /** Longest shift of a copy, in ns of recorded time. */
  copySpreadNs: number;
  /**
   * How many times as densely operations arrive, or with order `session` how many times as densely sessions begin; 1: as
   * recorded. They are those of the recording, in its order, so that they end so many times as early.
   */
  upscale: number;
  /** Which sessions are played: those of one shard of several; undefined: all. The plan's times are those of all. */
  shard: ShardPart | undefined;
  /** The seed of everything random about a plan: the shifts of copies. */
  seed: number;
  /** Recorded gaps longer than this are cut to it, before the multiplier. */
  maxGapNs: number | undefined;
  /** Passes over the trace, at least 1; `Infinity` goes on until interrupted. */
  loops: number;
  /**
   * The window that the trace was cut to, which sets the length of a pass. Without it the seam of two passes is one
   * mean gap.
   */
  window: TimeWindow | undefined;
  order: Order;
  /** An operation held back by its session longer than this is given up (`gate_timeout`). */
  gateTimeoutNs: number;
  /** Operations with the transports at one time. */
  maxInFlight: number;
  behind: BehindPolicy;
  /** Lateness that is ordinary and starts no policy. */
  lateGraceNs: number;
  /** `catch-up` and `shed`: how many times faster than planned late operations may leave. */
  catchUpFactor: number;
  /** `shed`: an operation later than this is dropped. */
  shedAfterNs: number;
  /** `abort`: an operation later than this stops the replay. */
  abortAfterNs: number;
  /** Time for a whole answer, on top of how long the recorded one took. */
  timeoutNs: number;
  /** By op a status that is an answer like any other, though its protocol has it for a failure: misses of a cache. */
  missStatus: ReadonlyMap<string, number>;
  /** Time for what is in flight after the last operation left; undefined: each has its own timeout. */
  drainNs: number | undefined;
  /** The time that what is in flight gets after an interrupt. */
  interruptDrainNs: number;
  /** From the first batch being there to the first due time. */
  leadNs: number;
  /**
   * So much of the plan is read before the first due time is set, or as much as comes within the limit: cold code
   * reads slowly, and the first second of a replay must not pay for that.
   */
  headStartNs: number;
  headStartLimitNs: number;
  /** Records and bytes read ahead of their due time. */
  readAheadRecords: number;
  readAheadBytes: number;
  /** Records and bytes that are past due and can't leave yet; beyond it the plan itself waits, and that is counted. */
  maxHeldRecords: number;
  maxHeldBytes: number;
  /** Which records take part (`--only`); others are counted in `filteredOut`. */
  only: ((record: TraceRecord) => boolean) | undefined;
  /** What a record would do to its target; a danger is left out. */
  dangerOf: ((record: TraceRecord) => Danger | undefined) | undefined;
  /** Aborted: nothing more is sent, what is in flight gets `interruptDrainNs`. */
  signal: AbortSignal | undefined;
}

const SECOND = 1e9;
const MILLISECOND = 1e6;

const DEFAULTS: ReplayOptions = {
  multiplier: 1,
  timing: { kind: 'absolute' },
  pace: [],
  precision: 'normal',
  copies: 1,
  copySpreadNs: 100 * MILLISECOND,
  upscale: 1,
  shard: undefined,
  seed: 1,
  maxGapNs: undefined,
  loops: 1,
  window: undefined,
  order: 'session',
  gateTimeoutNs: 30 * SECOND,
  maxInFlight: 4096,
  behind: 'catch-up',
  lateGraceNs: 10 * MILLISECOND,
  catchUpFactor: 2,
  shedAfterNs: SECOND,
  abortAfterNs: SECOND,
  timeoutNs: 30 * SECOND,
  missStatus: new Map(),
  drainNs: undefined,
  interruptDrainNs: 2 * SECOND,
  leadNs: 100 * MILLISECOND,
  headStartNs: SECOND,
  headStartLimitNs: 500 * MILLISECOND,
  readAheadRecords: 8192,
  readAheadBytes: 16 * 2 ** 20,
  maxHeldRecords: 65_536,
  maxHeldBytes: 128 * 2 ** 20,
  only: undefined,
  dangerOf: undefined,
  signal: undefined,
};

/** Puts what was given over the defaults; a value that makes no sense is a `usage` error. */
export function replayOptions(given: Partial<ReplayOptions> = {}): ReplayOptions {
  const options = { ...DEFAULTS, ...withoutUndefined(given) };
  for (const name of POSITIVE)
    requireThat(options[name] > 0 && !Number.isNaN(options[name]), name, 'above 0');
  for (const name of NOT_NEGATIVE) requireThat((options[name] ?? 0) >= 0, name, '0 or more');
  requireThat(Number.isFinite(options.multiplier), 'multiplier', 'a finite number');
  requireThat(options.loops === Infinity || Number.isInteger(options.loops), 'loops', 'a whole number');
  requireThat(
    Number.isInteger(options.copies) && options.copies <= 1000,
    'copies',
    'a whole number up to 1000',
  );
  requireShard(options);
  requireSense(options);
  requireUpscale(options);
  return options;
}

function requireShard({ shard }: ReplayOptions): void {
  if (shard === undefined) return;
  const { index, of } = shard;
  requireThat(Number.isInteger(of) && of >= 1, 'number of shards', 'a whole number above 0');
  requireThat(Number.isInteger(index) && index >= 0 && index < of, 'shard', `from 0 to ${of - 1}`);
}

function requireSense({ timing, pace, order }: ReplayOptions): void {
  if (timing.kind === 'rate') {
    requireThat(timing.perSec > 0 && Number.isFinite(timing.perSec), 'timing rate', 'a number above 0');
  }
  for (const { durationNs, rate } of pace) {
    requireThat(rate > 0 && Number.isFinite(rate), 'pace', 'of rates above 0');
    requireThat(durationNs > 0, 'pace', 'of phases longer than 0');
  }
  requireThat(pace.length === 0 || timing.kind !== 'asap', 'pace', 'left out with timing asap');
  requireThat(timing.kind !== 'think' || order === 'session', 'order', 'session with timing think');
}

/** Where something else decides when operations are due, or a second pass begins, there is nothing to be moved. */
function requireUpscale({ upscale, timing, pace, copies, loops }: ReplayOptions): void {
  requireThat(
    upscale === 1 || (upscale >= LEAST_UPSCALE && upscale <= MOST_UPSCALE),
    'upscale',
    UPSCALE_RANGE,
  );
  if (upscale === 1) return;
  requireThat(timing.kind === 'absolute', 'upscale', 'left out with any timing but absolute');
  requireThat(pace.length === 0, 'upscale', 'left out with a pace');
  requireThat(copies === 1, 'upscale', 'left out with copies: each makes it heavier in its own way');
  requireThat(loops === 1, 'upscale', 'left out with several passes: an upscaled one ends before its time');
}

/** Closer to 1 is nothing that could be told apart from it. */
export const LEAST_UPSCALE = 1.001;
export const MOST_UPSCALE = 1000;
const UPSCALE_RANGE = `1 (as recorded), or from ${LEAST_UPSCALE} to ${MOST_UPSCALE}`;

const POSITIVE = [
  'multiplier',
  'loops',
  'copies',
  'maxInFlight',
  'catchUpFactor',
  'timeoutNs',
  'gateTimeoutNs',
  'readAheadRecords',
  'readAheadBytes',
  'maxHeldRecords',
  'maxHeldBytes',
] as const;

const NOT_NEGATIVE = [
  'maxGapNs',
  'copySpreadNs',
  'lateGraceNs',
  'shedAfterNs',
  'abortAfterNs',
  'drainNs',
  'interruptDrainNs',
  'leadNs',
  'headStartNs',
  'headStartLimitNs',
] as const;

function withoutUndefined<T extends object>(given: T): T {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;
}

function requireThat(holds: boolean, name: string, need: string): void {
  if (!holds) throw new EngramTraceError('usage', `the replay's ${name} has to be ${need}`);
}

import { keepsReadingOrder } from '../../replay/plan/plan-reader.ts';
import { targetOf } from '../../replay/plan/target-of.ts';
import type { ReplayOptions } from '../../replay/replay-options.ts';
import type { RecorderOptions } from '../../results/tally/results-recorder.ts';
import type { HeaderList, TraceHeader } from '../../trace/record/record.ts';
import { createLeftOutFinder } from '../../transports/request/left-out-finder.ts';
import { cacheResultOf, dialectOf } from './record-predicate.ts';

/** What counting a run depends on. Plain data: it can be posted to a thread. */
export interface TallyFacts {
  /** The rate multiplier; undefined where due times don't follow the recording. */
  readonly timeScale: number | undefined;
  readonly isClosedLoop?: boolean | undefined;
  /** Due times don't rise with the places of operations in the plan. */
  readonly sortsDues: boolean;
  /** How many targets the sessions are spread over; 1 where undefined. */
  readonly targets?: number | undefined;
  /** Answers are counted by the value of a header. */
  readonly countsHeaders?: boolean | undefined;
  /** Name of the trace's dialect. */
  readonly dialect: string;
  /** What was redacted in the trace. */
  readonly redacted: readonly string[];
}

export function tallyFactsOf(
  { dialect, redacted }: Pick<TraceHeader, 'dialect' | 'redacted'>,
  options: ReplayOptions,
  { targets, countsHeaders }: Pick<TallyFacts, 'targets' | 'countsHeaders'> = {},
): TallyFacts {
  const { timing, pace, multiplier } = options;
  const hasOneScale = timing.kind === 'absolute' && pace.length === 0;
  return {
    timeScale: hasOneScale ? multiplier : undefined,
    isClosedLoop: timing.kind === 'clients',
    sortsDues: timing.kind === 'think' || timing.kind === 'clients' || !keepsReadingOrder(options),
    targets,
    countsHeaders,
    dialect,
    redacted,
  };
}

/** `headers` are put in place of, or besides, the recorded ones. */
export function tallyOptionsOf(
  { timeScale, isClosedLoop, sortsDues, targets = 1, countsHeaders, dialect, redacted }: TallyFacts,
  headers: HeaderList = [],
): RecorderOptions {
  return {
    timeScale,
    isClosedLoop,
    sortsDues,
    targetOf: targets > 1 ? (session) => targetOf(session, targets) : undefined,
    countsHeaders,
    cacheResult: cacheResultOf(dialectOf(dialect)),
    leftOutOf: createLeftOutFinder(headers, redacted),
  };
}

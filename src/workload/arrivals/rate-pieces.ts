import { naturalLog, sineOfTurns } from '../../exact-math.ts';
import type { SeededStream } from '../streams/seeded-stream.ts';
import type { MadeArrivals } from './arrival-spec.ts';

/** A stretch of time in which the rate goes in a straight line. */
export interface RatePiece {
  /** Infinity for the rest of the time. */
  readonly lengthNs: number;
  /** Operations a second. */
  readonly fromRate: number;
  readonly toRate: number;
}

/** A period of `periodic` has so many straight lines: they are off its sine by at most 0.13 % of the amplitude. */
const LINES_PER_PERIOD = 64;

/** The rate of a pattern over time, without end. */
export function* ratePieces(spec: MadeArrivals, bursts: SeededStream): Generator<RatePiece> {
  switch (spec.pattern) {
    case 'periodic_burst':
      return yield* burstPieces(spec);
    case 'bursty':
      return yield* burstyPieces(spec, bursts);
    case 'mmpp':
      return yield* switchingPieces(spec, bursts);
    case 'periodic':
      return yield* sinePieces(spec);
    case 'ramp':
    case 'steps':
      return yield* stagePieces(spec);
    default:
      yield flat(Infinity, spec.rate);
  }
}

function flat(lengthNs: number, rate: number): RatePiece {
  return { lengthNs, fromRate: rate, toRate: rate };
}

/** The burst opens each period. */
function* burstPieces(spec: Extract<MadeArrivals, { pattern: 'periodic_burst' }>): Generator<RatePiece> {
  const { baseRate, burstRate, burstNs, periodNs } = spec;
  for (;;) {
    yield flat(burstNs, burstRate);
    if (periodNs > burstNs) yield flat(periodNs - burstNs, baseRate);
  }
}

/** Each stretch is a burst or not, by chance; between bursts the rate is lower, so that the mean is the one asked for. */
function* burstyPieces(
  spec: Extract<MadeArrivals, { pattern: 'bursty' }>,
  bursts: SeededStream,
): Generator<RatePiece> {
  const { meanRate, burstFactor, burstProbability, burstNs } = spec;
  const calmRate = meanRate / (1 - burstProbability + burstProbability * burstFactor);
  for (let stretch = 0; ; stretch++) {
    const isBurst = bursts.uniform(stretch) < burstProbability;
    yield flat(burstNs, isBurst ? calmRate * burstFactor : calmRate);
  }
}

/** Two rates by turns, each for a time of an exponential distribution; which is the first one is as likely as it lasts. */
function* switchingPieces(
  spec: Extract<MadeArrivals, { pattern: 'mmpp' }>,
  bursts: SeededStream,
): Generator<RatePiece> {
  const { lowRate, highRate, lowNs, highNs } = spec;
  let isHigh = bursts.uniform(0) < highNs / (lowNs + highNs);
  for (let stretch = 1; ; stretch++) {
    const lengthNs = Math.round(-naturalLog(bursts.positive(stretch)) * (isHigh ? highNs : lowNs));
    if (lengthNs > 0) yield flat(lengthNs, isHigh ? highRate : lowRate);
    isHigh = !isHigh;
  }
}

function* sinePieces(spec: Extract<MadeArrivals, { pattern: 'periodic' }>): Generator<RatePiece> {
  const { baseRate, amplitude, periodNs } = spec;
  const rates = Array.from({ length: LINES_PER_PERIOD + 1 }, (_, line) =>
    Math.max(0, baseRate + amplitude * sineOfTurns(line / LINES_PER_PERIOD)),
  );
  const lengthNs = periodNs / LINES_PER_PERIOD;
  for (let line = 0; ; line = (line + 1) % LINES_PER_PERIOD) {
    yield { lengthNs, fromRate: rates[line] as number, toRate: rates[line + 1] as number };
  }
}

/** The last rate goes on where a run is longer than its stages. */
function* stagePieces(spec: Extract<MadeArrivals, { pattern: 'ramp' | 'steps' }>): Generator<RatePiece> {
  let rate = spec.startRate;
  for (const stage of spec.stages) {
    const fromRate = spec.pattern === 'ramp' ? rate : stage.rate;
    yield { lengthNs: stage.durationNs, fromRate, toRate: stage.rate };
    rate = stage.rate;
  }
  yield flat(Infinity, rate);
}

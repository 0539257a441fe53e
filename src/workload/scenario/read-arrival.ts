import type { ArrivalSpec, RateStage } from '../arrivals/arrival-spec.ts';
import { meanGapSize } from '../arrivals/arrival-times.ts';
import type { TableReader } from './table-reader.ts';

/** The highest rate a plan may have; far above what one machine sends. */
export const MOST_PER_SEC = 1e6;
const RATE = { above: 0, most: MOST_PER_SEC };

/** Rates that change more often than this would take more work than the operations. */
const STRETCH_SECONDS = { least: 1e-4 };
/** Where gaps are nearly all 0, a run would never get past its first moment. */
const LEAST_MEAN_GAP = 1e-9;

/** More would be a recording. */
const MOST_GAP_SIZES = 1000;

const PATTERNS = [
  'constant',
  'poisson',
  'exponential',
  'periodic_burst',
  'bursty',
  'mmpp',
  'gaps',
  'periodic',
  'ramp',
  'steps',
  'trace',
] as const satisfies readonly ArrivalSpec['pattern'][];

/** Keys that the older tool's documents show, and that it never read. */
const HINTS: Readonly<Partial<Record<ArrivalSpec['pattern'], Readonly<Record<string, string>>>>> = {
  constant: { mean_rate: 'the rate of constant is rate', lambda: 'the rate of constant is rate' },
  poisson: {
    mean_rate: 'the rate of poisson is lambda',
    burst_factor: 'bursts by chance are pattern = "bursty"',
  },
  exponential: { mean_rate: 'the rate of exponential is lambda' },
  periodic_burst: {
    burst_factor: 'the rate in a burst is burst_rate; bursts by chance are pattern = "bursty"',
  },
};

/** Reads `[arrival]`. */
export function readArrival(arrival: TableReader): ArrivalSpec {
  const pattern = arrival.choice('pattern', PATTERNS);
  // First, so that a key of another pattern is told as what it is, and not as one that is missing.
  const spec = specOf(arrival, pattern);
  arrival.refuseOthers(HINTS[pattern]);
  return spec;
}

function specOf(arrival: TableReader, pattern: ArrivalSpec['pattern']): ArrivalSpec {
  switch (pattern) {
    case 'constant':
      return { pattern, rate: rateOf(arrival, 'rate') };
    case 'poisson':
    case 'exponential':
      return { pattern, rate: rateOf(arrival, 'lambda') };
    case 'periodic_burst':
      return periodicBurst(arrival);
    case 'bursty':
      return bursty(arrival);
    case 'mmpp':
      return mmpp(arrival);
    case 'gaps':
      return gaps(arrival);
    case 'periodic':
      return periodic(arrival);
    case 'ramp':
      return { pattern, startRate: rate0(arrival, 'start_rate'), stages: stagesOf(arrival) };
    case 'steps':
      return { pattern, startRate: 0, stages: stagesOf(arrival) };
    case 'trace':
      return { pattern, file: arrival.text('file') };
  }
}

/** Where the key is missing and an old name is there, that is told. */
function rateOf(arrival: TableReader, key: 'rate' | 'lambda'): number {
  if (!arrival.has(key) && arrival.has('mean_rate'))
    throw arrival.error('mean_rate', 'is no key of this pattern', `write ${key} for it`);
  return arrival.number(key, RATE);
}

function rate0(reader: TableReader, key: string): number {
  return reader.number(key, { least: 0, most: MOST_PER_SEC, otherwise: 0 });
}

function periodicBurst(arrival: TableReader): ArrivalSpec {
  const spec = {
    pattern: 'periodic_burst' as const,
    baseRate: arrival.number('base_rate', RATE),
    burstRate: arrival.number('burst_rate', RATE),
    burstNs: arrival.seconds('burst_duration_sec', STRETCH_SECONDS),
    periodNs: arrival.seconds('burst_period_sec', STRETCH_SECONDS),
  };
  if (spec.burstNs > spec.periodNs)
    throw arrival.error(
      'burst_duration_sec',
      'is longer than burst_period_sec: a burst has to end before the next',
    );
  return spec;
}

function bursty(arrival: TableReader): ArrivalSpec {
  const spec = {
    pattern: 'bursty' as const,
    meanRate: arrival.number('mean_rate', RATE),
    burstFactor: arrival.number('burst_factor', { least: 1, most: 1000 }),
    burstProbability: arrival.number('burst_probability', { above: 0, most: 1 }),
    burstNs: arrival.seconds('burst_duration_sec', { ...STRETCH_SECONDS, otherwise: 1 }),
  };
  return spec;
}

function mmpp(arrival: TableReader): ArrivalSpec {
  const spec = {
    pattern: 'mmpp' as const,
    lowRate: rate0(arrival, 'low_rate'),
    highRate: arrival.number('high_rate', RATE),
    lowNs: arrival.seconds('low_mean_sec', STRETCH_SECONDS),
    highNs: arrival.seconds('high_mean_sec', STRETCH_SECONDS),
  };
  if (spec.lowRate >= spec.highRate)
    throw arrival.error('low_rate', `of ${spec.lowRate} a second is not below high_rate`);
  return spec;
}

function gaps(arrival: TableReader): ArrivalSpec {
  const spec = {
    pattern: 'gaps' as const,
    rate: arrival.number('rate', RATE),
    gapShares: arrival.numbers('gap_shares'),
    gapSizes: arrival.numbers('gap_sizes'),
  };
  const { gapShares: shares, gapSizes: sizes } = spec;
  if (
    shares.length < 2 ||
    shares.length > MOST_GAP_SIZES ||
    shares[0] !== 0 ||
    shares.at(-1) !== 1 ||
    !rises(shares)
  )
    throw arrival.error('gap_shares', `has to rise from 0 to 1, in ${MOST_GAP_SIZES} numbers at most`);
  if (sizes.length !== shares.length)
    throw arrival.error(
      'gap_sizes',
      `has to have a size for each of gap_shares, ${shares.length}, and has ${sizes.length}`,
    );
  if (!((sizes[0] as number) >= 0 && (sizes.at(-1) as number) > 0 && rises(sizes)))
    throw arrival.error('gap_sizes', 'has to rise from 0 or more, to more than 0');
  const mean = meanGapSize(shares, sizes);
  if (!(mean >= LEAST_MEAN_GAP * (sizes.at(-1) as number) && Number.isFinite(mean)))
    throw arrival.error('gap_sizes', `has a mean of ${mean}, which no rate can be made of`);
  return spec;
}

function rises(values: readonly number[]): boolean {
  return values.every((value, i) => i === 0 || value >= (values[i - 1] as number));
}

function periodic(arrival: TableReader): ArrivalSpec {
  const baseRate = arrival.number('base_rate', RATE);
  const amplitude = arrival.number('amplitude', { least: 0 });
  if (amplitude > baseRate)
    throw arrival.error(
      'amplitude',
      `of ${amplitude} a second is above base_rate, and would make the rate negative`,
    );
  const periodNs = arrival.seconds('period_secs', STRETCH_SECONDS);
  return { pattern: 'periodic', baseRate, amplitude, periodNs };
}

function stagesOf(arrival: TableReader): RateStage[] {
  const stages = arrival.tables('stages').map((stage) => {
    const read = {
      durationNs: stage.seconds('duration_sec'),
      rate: stage.number('rate', { least: 0, most: MOST_PER_SEC }),
    };
    stage.refuseOthers({
      target: 'the rate at the end of a stage is rate',
      duration: 'in seconds: duration_sec',
    });
    return read;
  });
  if (stages.some(({ rate }) => rate > 0)) return stages;
  throw arrival.error('stages', 'have rates of 0 only: nothing would be sent');
}

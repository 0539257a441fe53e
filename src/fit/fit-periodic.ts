import { type ArrivalModel, logLikelihoodOf } from './arrival-model.ts';
import type { BinnedArrivals } from './binned-arrivals.ts';

/** Coarse enough to try many periods, fine enough for the shortest. */
const MOST_POINTS = 2048;
const FEWEST_POINTS_PER_PERIOD = 8;
const REFINEMENTS = 40;

interface Rate {
  counts: Float64Array;
  /** Of a point, in s. */
  seconds: number;
  mean: number;
}

/**
 * A rate that goes up and down as a sine that begins at its mean: the frequency at which the counts swing most (in steps
 * of a quarter of the Fourier frequencies, then refined), and the amplitude that the swing has there.
 */
export function fitPeriodic(arrivals: BinnedArrivals): ArrivalModel | undefined {
  const rate = pointsOf(arrivals);
  const { counts, seconds, mean } = rate;
  if (counts.length < 2 * FEWEST_POINTS_PER_PERIOD || mean === 0) return undefined;
  const span = counts.length * seconds;
  const step = 1 / (4 * span);
  let best = { frequency: 0, swing: 0 };
  const highest = 1 / (FEWEST_POINTS_PER_PERIOD * seconds);
  for (let frequency = 2 * step; frequency <= highest; frequency += step) {
    const swing = swingAt(rate, frequency);
    if (swing > best.swing) best = { frequency, swing };
  }
  const frequency = refined(rate, best.frequency, step);
  const amplitude = Math.min(mean, swingAt(rate, frequency));
  if (amplitude <= 0) return undefined;
  return {
    spec: { pattern: 'periodic', baseRate: mean, amplitude, periodNs: Math.round(1e9 / frequency) },
    logLikelihood: likelihood(rate, frequency, amplitude),
    parameters: 3,
  };
}

function pointsOf(arrivals: BinnedArrivals): Rate {
  const bins = Math.max(1, Math.ceil(arrivals.counts.length / MOST_POINTS));
  const counts = arrivals.perStretch(bins);
  const seconds = (bins * arrivals.widthNs) / 1e9;
  const total = counts.reduce((sum, count) => sum + count, 0);
  return { counts, seconds, mean: counts.length === 0 ? 0 : total / (counts.length * seconds) };
}

/** The amplitude (per s) of a sine of this frequency in the counts. */
function swingAt({ counts, seconds, mean }: Rate, frequency: number): number {
  let projection = 0;
  let norm = 0;
  for (let i = 0; i < counts.length; i++) {
    const sine = Math.sin(2 * Math.PI * frequency * (i + 0.5) * seconds);
    projection += sine * ((counts[i] as number) / seconds - mean);
    norm += sine * sine;
  }
  return projection / norm;
}

/** Halves the step around the highest swing. */
function refined(rate: Rate, from: number, firstStep: number): number {
  let frequency = from;
  let step = firstStep;
  for (let i = 0; i < REFINEMENTS; i++) {
    const [below, here, above] = [frequency - step, frequency, frequency + step].map((f) =>
      f > 0 ? swingAt(rate, f) : 0,
    ) as [number, number, number];
    if (below > here && below >= above) frequency -= step;
    else if (above > here) frequency += step;
    else step /= 2;
  }
  return frequency;
}

function likelihood({ counts, seconds, mean }: Rate, frequency: number, amplitude: number): number {
  let sum = 0;
  counts.forEach((count, i) => {
    const sine = Math.sin(2 * Math.PI * frequency * (i + 0.5) * seconds);
    sum += logLikelihoodOf(count, Math.max(1e-9 * mean, mean + amplitude * sine), seconds);
  });
  return sum;
}

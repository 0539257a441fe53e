import type { ArrivalModel } from './arrival-model.ts';
import type { BinnedArrivals } from './binned-arrivals.ts';
import { type Mixture, poissonMixture, tallyOf } from './poisson-mixture.ts';

const FEWEST_STRETCHES = 20;
/** Lengths of stretches that are tried, in seconds, times the powers of ten from 0.01 to 10. */
const LENGTHS = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8];

/**
 * Bursts by chance: each stretch of one length has one of two rates. For each length the two rates and how often the
 * higher comes are found by expectation maximisation (Dempster, Laird, Rubin, 1977); the likeliest length is taken.
 */
export function fitBursty(counts: BinnedArrivals): ArrivalModel | undefined {
  let best: ArrivalModel | undefined;
  for (const seconds of lengthsOf(counts)) {
    const stretches = counts.perStretch(Math.round((seconds * 1e9) / counts.widthNs));
    if (stretches.length < FEWEST_STRETCHES) continue;
    const model = fitLength(stretches, seconds, counts);
    if (model !== undefined && (best === undefined || model.logLikelihood > best.logLikelihood)) best = model;
  }
  return best;
}

function lengthsOf({ widthNs }: BinnedArrivals): number[] {
  const lengths = [0.01, 0.1, 1, 10].flatMap((power) => LENGTHS.map((each) => each * power));
  return lengths.filter((seconds) => {
    const bins = (seconds * 1e9) / widthNs;
    return bins >= 1 && Math.abs(bins - Math.round(bins)) < 1e-6;
  });
}

function fitLength(
  stretches: Float64Array,
  seconds: number,
  counts: BinnedArrivals,
): ArrivalModel | undefined {
  const tally = tallyOf(stretches);
  const mixture = poissonMixture(tally, stretches.length);
  const { low, high, share } = mixture;
  if (!(low > 0 && high > low * 1.05 && share > 0 && share < 1)) return undefined;
  let logLikelihood = 0;
  for (const [count, times] of tally)
    logLikelihood += times * (logOfSum(mixture, count) - count * Math.log(seconds));
  const covered = (stretches.length * seconds * 1e9) / (counts.counts.length * counts.widthNs);
  const mean = low * (1 - share) + high * share;
  return {
    spec: {
      pattern: 'bursty',
      meanRate: mean / seconds,
      burstFactor: high / low,
      burstProbability: share,
      burstNs: Math.round(seconds * 1e9),
    },
    // The rest behind the last whole stretch counts as the mean of all.
    logLikelihood: logLikelihood / covered,
    parameters: 4,
  };
}

function logOfSum({ low, high, share }: Mixture, count: number): number {
  const a = Math.log(1 - share) + count * Math.log(low) - low;
  const b = Math.log(share) + count * Math.log(high) - high;
  const most = Math.max(a, b);
  return most + Math.log(Math.exp(a - most) + Math.exp(b - most));
}

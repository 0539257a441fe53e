import type { ArrivalModel } from './arrival-model.ts';
import type { BinnedArrivals } from './binned-arrivals.ts';

const ROUNDS = 200;
const ENOUGH = 1e-9;
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

/** Two rates per stretch, and the share of stretches with the higher one. */
interface Mixture {
  low: number;
  high: number;
  share: number;
}

/** How many stretches have each count: a few hundred numbers, whatever the length of the recording. */
type Tally = readonly (readonly [count: number, times: number])[];

function tallyOf(stretches: Float64Array): Tally {
  const times = new Map<number, number>();
  for (const count of stretches) times.set(count, (times.get(count) ?? 0) + 1);
  return [...times].sort((a, b) => a[0] - b[0]);
}

/** The count below or at which this share of the stretches lies. */
function quantile(tally: Tally, stretches: number, share: number): number {
  let seen = 0;
  for (const [count, times] of tally) {
    seen += times;
    if (seen >= share * stretches) return count;
  }
  return tally.at(-1)?.[0] ?? 0;
}

function poissonMixture(tally: Tally, stretches: number): Mixture {
  const at = (share: number) => quantile(tally, stretches, share);
  let mixture: Mixture = { low: Math.max(0.1, at(0.25)), high: Math.max(0.2, at(0.97)), share: 0.2 };
  if (mixture.high <= mixture.low) mixture.high = mixture.low * 1.5;
  for (let round = 0; round < ROUNDS; round++) {
    const next = improved(mixture, tally, stretches);
    const change = Math.abs(next.low - mixture.low) + Math.abs(next.high - mixture.high);
    mixture = next;
    if (change <= ENOUGH * (mixture.low + mixture.high)) break;
  }
  return mixture;
}

function improved({ low, high, share }: Mixture, tally: Tally, stretches: number): Mixture {
  let [inHigh, arrivalsHigh, arrivals] = [0, 0, 0];
  for (const [count, times] of tally) {
    const odds = Math.log((1 - share) / share) + count * Math.log(low / high) + high - low;
    const isHigh = times / (1 + Math.exp(odds));
    inHigh += isHigh;
    arrivalsHigh += isHigh * count;
    arrivals += times * count;
  }
  const inLow = stretches - inHigh;
  return {
    low: inLow > 0 ? Math.max(1e-9, (arrivals - arrivalsHigh) / inLow) : low,
    high: inHigh > 0 ? Math.max(1e-9, arrivalsHigh / inHigh) : high,
    share: Math.min(1 - 1e-9, Math.max(1e-9, inHigh / stretches)),
  };
}

function logOfSum({ low, high, share }: Mixture, count: number): number {
  const a = Math.log(1 - share) + count * Math.log(low) - low;
  const b = Math.log(share) + count * Math.log(high) - high;
  const most = Math.max(a, b);
  return most + Math.log(Math.exp(a - most) + Math.exp(b - most));
}

import { type ArrivalModel, logLikelihoodOf } from './arrival-model.ts';
import type { BinnedArrivals } from './binned-arrivals.ts';
import { poissonMixture, tallyOf } from './poisson-mixture.ts';

/** Widths of the bins that are tried, in bins of the recording. */
const WIDTHS = [1, 5, 20, 100, 500];
const FEWEST_BINS = 50;
const MOST_BINS = 2 ** 17;
const ROUNDS = 100;
const ENOUGH = 1e-4;
/** What a stretch is taken to last at first, in bins. */
const FIRST_STRETCH_BINS = 10;

/** Two rates (a bin), and how likely each state is left in a bin. */
interface Chain {
  low: number;
  high: number;
  toHigh: number;
  toLow: number;
}

/**
 * A Markov-modulated Poisson process of two states: counts in bins, each of one of two Poisson distributions, by a hidden
 * Markov chain that expectation maximisation finds (Baum, Petrie, Soules, Weiss, 1970). How likely a state is left in a
 * bin gives how long it lasts as that of a chain in continuous time. The likeliest of several widths of bins is taken.
 */
export function fitMmpp(counts: BinnedArrivals): ArrivalModel | undefined {
  let best: ArrivalModel | undefined;
  for (const width of WIDTHS) {
    const bins = counts.perStretch(width);
    if (bins.length < FEWEST_BINS || bins.length > MOST_BINS) continue;
    const model = fitWidth(bins, (width * counts.widthNs) / 1e9, counts);
    if (model !== undefined && (best === undefined || model.logLikelihood > best.logLikelihood)) best = model;
  }
  return best;
}

function fitWidth(bins: Float64Array, seconds: number, counts: BinnedArrivals): ArrivalModel | undefined {
  const { low, high, share } = poissonMixture(tallyOf(bins), bins.length);
  const leave = 1 / FIRST_STRETCH_BINS;
  let chain: Chain = { low, high, toHigh: leave * Math.min(1, 2 * share), toLow: leave };
  const smoother = new Smoother(bins);
  for (let round = 0; round < ROUNDS; round++) {
    const next = smoother.improved(chain);
    const change = Math.max(...CHAIN_KEYS.map((key) => Math.abs(next[key] / chain[key] - 1)));
    chain = next;
    if (!(change > ENOUGH)) break;
  }
  const { toHigh, toLow } = chain;
  const leaving = toHigh + toLow;
  if (!(chain.low > 0 && chain.high > chain.low * 1.05 && toHigh > 0 && toLow > 0 && leaving < 1))
    return undefined;
  // Of the chain in continuous time that is so likely to have changed after a bin.
  const perSec = -Math.log(1 - leaving) / seconds / leaving;
  const rest = counts.total - bins.reduce((sum, count) => sum + count, 0);
  const restSeconds = (counts.counts.length * counts.widthNs) / 1e9 - bins.length * seconds;
  const mean = (chain.low * toLow + chain.high * toHigh) / leaving / seconds;
  return {
    spec: {
      pattern: 'mmpp',
      lowRate: chain.low / seconds,
      highRate: chain.high / seconds,
      lowNs: Math.round(1e9 / (perSec * toHigh)),
      highNs: Math.round(1e9 / (perSec * toLow)),
    },
    logLikelihood:
      smoother.logLikelihood(chain) -
      (counts.total - rest) * Math.log(seconds) +
      logLikelihoodOf(rest, mean, restSeconds),
    parameters: 4,
  };
}

const CHAIN_KEYS = ['low', 'high', 'toHigh', 'toLow'] as const;
const TINY = 1e-12;

/** How likely each bin is of the higher rate, given a chain. */
class Smoother {
  readonly #bins: Float64Array;
  /** That a bin is of the higher rate, given what came up to it. */
  readonly #filtered: Float64Array;
  /** By count: how many times as likely it is at the higher rate. */
  readonly #odds: Float64Array;

  constructor(bins: Float64Array) {
    this.#bins = bins;
    this.#filtered = new Float64Array(bins.length);
    this.#odds = new Float64Array(bins.reduce((most, count) => Math.max(most, count), 0) + 1);
  }

  /** Of the counts as starts at these rates: without the factor that all rates have in common. */
  logLikelihood(chain: Chain): number {
    return this.#filter(chain);
  }

  improved(chain: Chain): Chain {
    this.#filter(chain);
    const [bins, filtered] = [this.#bins, this.#filtered];
    const { toHigh, toLow } = chain;
    let high = filtered.at(-1) as number;
    let [inHigh, arrivals, arrivalsHigh] = [high, bins.at(-1) as number, high * (bins.at(-1) as number)];
    let [fromLow, fromHigh, leftLow, leftHigh] = [0, 0, 0, 0];
    for (let i = bins.length - 2; i >= 0; i--) {
      const now = filtered[i] as number;
      const predicted = now * (1 - toLow) + (1 - now) * toHigh;
      const wentUp = ((1 - now) * toHigh * high) / Math.max(TINY, predicted);
      const wentDown = (now * toLow * (1 - high)) / Math.max(TINY, 1 - predicted);
      high = Math.min(1, Math.max(0, high - wentUp + wentDown));
      fromHigh += high;
      fromLow += 1 - high;
      leftHigh += wentDown;
      leftLow += wentUp;
      const count = bins[i] as number;
      inHigh += high;
      arrivals += count;
      arrivalsHigh += high * count;
    }
    const share = (part: number, whole: number) =>
      Math.min(1 - TINY, Math.max(TINY, part / Math.max(TINY, whole)));
    return {
      low: Math.max(TINY, (arrivals - arrivalsHigh) / Math.max(TINY, bins.length - inHigh)),
      high: Math.max(TINY, arrivalsHigh / Math.max(TINY, inHigh)),
      toHigh: share(leftLow, fromLow),
      toLow: share(leftHigh, fromHigh),
    };
  }

  #filter({ low, high, toHigh, toLow }: Chain): number {
    const [bins, filtered, odds] = [this.#bins, this.#filtered, this.#odds];
    const [logLow, logRatio] = [Math.log(low), Math.log(high / low)];
    odds.forEach((_, count) => {
      odds[count] = Math.exp(Math.min(600, Math.max(-600, count * logRatio - (high - low))));
    });
    let predicted = toHigh / (toHigh + toLow);
    let logLikelihood = 0;
    for (let i = 0; i < bins.length; i++) {
      const count = bins[i] as number;
      const weight = predicted * (odds[count] as number);
      const sum = weight + 1 - predicted;
      const now = weight / sum;
      filtered[i] = now;
      logLikelihood += Math.log(sum) + count * logLow - low;
      predicted = now * (1 - toLow) + (1 - now) * toHigh;
    }
    return logLikelihood;
  }
}

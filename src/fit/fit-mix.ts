import type { MixStage, OperationWeights } from '../workload/scenario/scenario.ts';
import { type MixOverTime, OPERATION_KEYS } from './mix-over-time.ts';

/**
 * The stretches in which the mix of operations stays the same: those whose Bayesian information criterion is lowest, of
 * all ways to cut the recording (Jackson and others, An algorithm for optimal partitioning, 2005). A further stretch has
 * to make its operations likelier by more than its shares and its beginning cost; where none does, undefined: one mix.
 */
export function fitMix(mix: MixOverTime): MixStage[] | undefined {
  const sums = mix.sums().filter((each) => (each.at(-1) as number) > 0);
  const operations = sums.reduce((total, each) => total + (each.at(-1) as number), 0);
  if (sums.length < 2) return undefined;
  const cheapest = cheapestCuts(sums, mix.bins, sums.length * Math.log(operations));
  // One bin is no stretch: the mix changes inside of it.
  const cuts = cheapest.filter(
    (cut, i) => i === 0 || cut - (cheapest[i - 1] as number) > 1 || cut === mix.bins,
  );
  if (cuts.length < 3) return undefined;
  const whole = mix.sums();
  return cuts.slice(1).map((end, i) => ({
    durationNs: (end - (cuts[i] as number)) * mix.widthNs,
    operations: Object.fromEntries(
      OPERATION_KEYS.map((key, k) => [key, between(whole[k] as number[], cuts[i] as number, end)]),
    ) as unknown as OperationWeights,
  }));
}

/** Where stretches begin and end, from 0 to the number of bins. */
function cheapestCuts(sums: readonly (readonly number[])[], bins: number, price: number): number[] {
  const cheapest = new Float64Array(bins + 1);
  const from = new Int32Array(bins + 1);
  for (let end = 1; end <= bins; end++) {
    let best = Infinity;
    for (let begin = 0; begin < end; begin++) {
      const cost = (cheapest[begin] as number) + unlikelihood(sums, begin, end) + price;
      if (cost >= best) continue;
      best = cost;
      from[end] = begin;
    }
    cheapest[end] = best;
  }
  const cuts = [bins];
  for (let at = bins; at > 0; at = from[at] as number) cuts.unshift(from[at] as number);
  return cuts;
}

/** -2 log likelihood of the operations of a stretch, of one mix. */
function unlikelihood(sums: readonly (readonly number[])[], begin: number, end: number): number {
  let [all, ofEach] = [0, 0];
  for (const each of sums) {
    const count = between(each, begin, end);
    all += count;
    if (count > 0) ofEach += count * Math.log(count);
  }
  return all === 0 ? 0 : 2 * (all * Math.log(all) - ofEach);
}

function between(sums: readonly number[], begin: number, end: number): number {
  return (sums[end] as number) - (sums[begin] as number);
}

const ROUNDS = 200;
const ENOUGH = 1e-9;

/** Two rates per stretch, and the share of stretches with the higher one. */
export interface Mixture {
  low: number;
  high: number;
  share: number;
}

/** How many stretches have each count: a few hundred numbers, whatever the length of the recording. */
export type CountTally = readonly (readonly [count: number, times: number])[];

/** Counts how often each count is there. */
export function tallyOf(stretches: Float64Array): CountTally {
  const times = new Map<number, number>();
  for (const count of stretches) times.set(count, (times.get(count) ?? 0) + 1);
  return [...times].sort((a, b) => a[0] - b[0]);
}

/** The count below or at which this share of the stretches lies. */
function quantile(tally: CountTally, stretches: number, share: number): number {
  let seen = 0;
  for (const [count, times] of tally) {
    seen += times;
    if (seen >= share * stretches) return count;
  }
  return tally.at(-1)?.[0] ?? 0;
}

/** Finds the two Poisson distributions that are likeliest to have made the counts (Dempster, Laird, Rubin, 1977). */
export function poissonMixture(tally: CountTally, stretches: number): Mixture {
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

function improved({ low, high, share }: Mixture, tally: CountTally, stretches: number): Mixture {
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

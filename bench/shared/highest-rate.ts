import type { Step } from './replay-step.ts';

export interface RateSearch {
  firstPerSec: number;
  mostPerSec: number;
  /** By which the rate grows until it fails. */
  growth: number;
  /** Halvings between the last rate that held and the first that did not. */
  refinements: number;
  /** One hiccup of the machine is no limit: what does not hold gets as many tries. */
  tries: number;
}

export interface HighestRate {
  /** Undefined: not even the first rate held. */
  best: Step | undefined;
  /** The lowest that did not hold, by its last try; undefined: all did. */
  above: Step | undefined;
}

/** Looks for the highest rate that holds, `play` by `play`. */
export async function highestRate(
  play: (ratePerSec: number) => Promise<Step>,
  { firstPerSec, mostPerSec, growth, refinements, tries }: RateSearch,
): Promise<HighestRate> {
  const found: HighestRate = { best: undefined, above: undefined };
  const tryRate = async (ratePerSec: number): Promise<void> => {
    let step = await play(ratePerSec);
    for (let again = 1; again < tries && !step.holds; again += 1) step = await play(ratePerSec);
    if (step.holds) found.best = step;
    else found.above = step;
  };
  for (let rate = firstPerSec; found.above === undefined; rate *= growth) {
    await tryRate(Math.round(Math.min(rate, mostPerSec)));
    if (rate >= mostPerSec) break;
  }
  for (let i = 0; i < refinements && found.best !== undefined && found.above !== undefined; i += 1) {
    await tryRate(Math.round((found.best.ratePerSec + found.above.ratePerSec) / 2));
  }
  return found;
}

import { SeededStream } from '../workload/streams/seeded-stream.ts';
import type { SummedWindows } from './summed-windows.ts';

/** How a quantile changed from one run to another, as ln(current / baseline). */
export interface LogChange {
  readonly value: number;
  /** Standard deviation of that over resamples. */
  readonly spread: number;
  /** Where the middle 95 % of the resamples lie. */
  readonly low: number;
  readonly high: number;
}

/** Windows of two runs of one plan, pair by pair. */
export interface WindowPairs {
  readonly baseline: SummedWindows;
  readonly current: SummedWindows;
  /** How many pairs there are, and how many of them are a block. */
  readonly pairs: number;
  readonly blockPairs: number;
}

export const RESAMPLES = 1000;

/**
 * The changes of quantiles (ascending), with how far chance moves them: a moving-block bootstrap over pairs of windows
 * (Kuensch 1989). A pair was offered the same load, and neighbours resemble each other, so whole blocks of pairs are drawn.
 */
export function bootstrapChanges(
  pairs: WindowPairs,
  quantiles: readonly number[],
  seed: number,
): LogChange[] {
  const whole = resampled(pairs, quantiles, [[0, pairs.pairs]]);
  const draws = new SeededStream(seed, 'resamples');
  const blocks = Math.ceil(pairs.pairs / pairs.blockPairs);
  const starts = pairs.pairs - pairs.blockPairs + 1;
  const values = quantiles.map(() => new Float64Array(RESAMPLES));
  for (let resample = 0; resample < RESAMPLES; resample += 1) {
    const runs = Array.from({ length: blocks }, (_, block): [number, number] => {
      const from = draws.below(starts, resample, block);
      return [from, from + pairs.blockPairs];
    });
    for (const [q, change] of resampled(pairs, quantiles, runs).entries())
      (values[q] as Float64Array)[resample] = change;
  }
  return quantiles.map((_, q) => summary(whole[q] as number, values[q] as Float64Array));
}

function resampled(
  { baseline, current }: WindowPairs,
  quantiles: readonly number[],
  runs: readonly (readonly [from: number, to: number])[],
): number[] {
  const [before, after] = [baseline, current].map((counts) => {
    const sum = counts.room();
    for (const [from, to] of runs) counts.addRun(from, to, sum);
    return counts.quantilesNs(sum, quantiles);
  }) as [number[], number[]];
  return quantiles.map((_, q) => Math.log((after[q] as number) / (before[q] as number)));
}

function summary(value: number, resamples: Float64Array): LogChange {
  const sorted = Float64Array.from(resamples).sort();
  const mean = sorted.reduce((sum, each) => sum + each, 0) / sorted.length;
  const variance = sorted.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (sorted.length - 1);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number;
  return { value, spread: Math.sqrt(variance), low: at(0.025), high: at(0.975) };
}

import { exponential, naturalLog } from '../../exact-math.ts';
import type { Popularity } from '../scenario/scenario.ts';
import type { SeededStream } from '../streams/seeded-stream.ts';

/** Which of the things is chosen by the choice with this index; things count from 0. */
export type Choice = (index: number) => number;

/** Chooses among `count` things, of which the first are the most popular. */
export function createChoice(popularity: Popularity, count: number, stream: SeededStream): Choice {
  if (count <= 1) return () => 0;
  if (popularity.kind === 'uniform') return (index) => stream.below(count, index);
  return createZipf(popularity.exponent, count, stream);
}

/**
 * Zipf's law by rejection-inversion: W. Hörmann, G. Derflinger, "Rejection-inversion to generate variates from monotone
 * discrete distributions", 1996. It takes no table, however many things there are, and 1.1 draws on the mean.
 */
function createZipf(exponent: number, count: number, stream: SeededStream): Choice {
  const area = (x: number): number => {
    const log = naturalLog(x);
    return growth((1 - exponent) * log) * log;
  };
  const height = (x: number): number => exponential(-exponent * naturalLog(x));
  const inverseOfArea = (value: number): number => {
    const scaled = Math.max(-1 + 1e-15, value * (1 - exponent));
    return exponential(logGrowth(scaled) * value);
  };
  const first = area(1.5) - 1;
  const last = area(count + 0.5);
  const accepted = 2 - inverseOfArea(area(2.5) - height(2));
  return (index) => {
    for (let draw = 0; ; draw++) {
      const value = last + stream.uniform(index, draw) * (first - last);
      const x = inverseOfArea(value);
      const rank = Math.min(count, Math.max(1, Math.round(x)));
      if (rank - x <= accepted || value >= area(rank + 0.5) - height(rank)) return rank - 1;
    }
  };
}

/** (e^x - 1) / x, also near 0. */
function growth(x: number): number {
  if (Math.abs(x) > 1e-5) return (exponential(x) - 1) / x;
  return 1 + (x / 2) * (1 + x / 3);
}

/** ln(1 + x) / x, also near 0. */
function logGrowth(x: number): number {
  if (Math.abs(x) > 1e-5) return naturalLog(1 + x) / x;
  return 1 - x * (0.5 - x / 3);
}

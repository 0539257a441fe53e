import { lagOneAutocorrelation } from './autocorrelation.ts';
import type { Bounds } from './bounds.ts';
import { normalQuantile, twoSidedP } from './normal.ts';

/** Whether and how fast something rises over time. */
export interface Trend {
  /** Median of the slopes between all pairs, in units of the value for a unit of time. */
  readonly slope: number;
  readonly bounds: Bounds;
  /** Probability that values without a trend would look at least as if they had one. */
  readonly p: number;
}

/** A value and when it was seen. */
export interface Point {
  readonly at: number;
  readonly value: number;
}

/** Slopes of all pairs are looked at: of 600 points that are 180,000. */
const MOST_POINTS = 600;
/** Nearer to 1 nothing could be told of any number of points. */
const MOST_LIKENESS = 0.98;

/**
 * The trend of points in the order of time, which no outlier and no single bad end can make: Theil and Sen's slope with
 * Sen's interval (Sen 1968), and Mann and Kendall's test with ties. Of more than 600 points, medians of neighbours are
 * taken. Undefined for fewer than eight points, or where all are at one time.
 */
export function trendOf(all: readonly Point[], confidence: number): Trend | undefined {
  const points = thinned(all);
  const n = points.length;
  if (n < 8) return undefined;
  const slopes: number[] = [];
  let score = 0;
  for (let i = 0; i < n; i += 1) {
    for (let j = i + 1; j < n; j += 1) {
      const [a, b] = [points[i] as Point, points[j] as Point];
      score += Math.sign(b.value - a.value);
      if (b.at !== a.at) slopes.push((b.value - a.value) / (b.at - a.at));
    }
  }
  if (slopes.length === 0) return undefined;
  slopes.sort((a, b) => a - b);
  const slope = medianOfSorted(slopes);
  const sigma = Math.sqrt(varianceOfScore(points) * likeness(points, slope));
  const reach = normalQuantile((1 + confidence) / 2) * sigma;
  const at = (rank: number): number => slopes[Math.min(slopes.length - 1, Math.max(0, rank))] as number;
  return {
    slope,
    bounds: {
      low: at(Math.floor((slopes.length - reach) / 2)),
      high: at(Math.ceil((slopes.length + reach) / 2)),
    },
    // Kendall's correction for a score that moves in steps of two.
    p: sigma === 0 ? 1 : twoSidedP(Math.max(0, Math.abs(score) - 1) / sigma),
  };
}

/**
 * By how much the score varies more because neighbours resemble each other beyond the trend (Yue and Wang 2004): a memory
 * that wanders looks like a leak otherwise.
 */
function likeness(points: readonly Point[], slope: number): number {
  const r = lagOneAutocorrelation(points.map(({ at, value }) => value - slope * at));
  const kept = Math.min(Math.max(r, 0), MOST_LIKENESS);
  return (1 + kept) / (1 - kept);
}

/** Variance of Kendall's score where there is no trend (Kendall 1975), with ties. */
function varianceOfScore(points: readonly Point[]): number {
  const counts = new Map<number, number>();
  for (const { value } of points) counts.set(value, (counts.get(value) ?? 0) + 1);
  const term = (t: number): number => t * (t - 1) * (2 * t + 5);
  const ties = [...counts.values()].reduce((sum, t) => sum + term(t), 0);
  return (term(points.length) - ties) / 18;
}

function thinned(points: readonly Point[]): readonly Point[] {
  if (points.length <= MOST_POINTS) return points;
  const width = points.length / MOST_POINTS;
  return Array.from({ length: MOST_POINTS }, (_, i) => {
    const group = points.slice(Math.floor(i * width), Math.floor((i + 1) * width));
    return { at: median(group.map(({ at }) => at)), value: median(group.map(({ value }) => value)) };
  });
}

/** The middle of the values, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  return medianOfSorted([...values].sort((a, b) => a - b));
}

function medianOfSorted(sorted: readonly number[]): number {
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? Number.NaN)) / 2;
}

import type { TraceMeasures } from '../nearness/trace-measures.ts';
import type { ArrivalModel } from './arrival-model.ts';

/** The gaps of a recording, counted. */
export type CountedGaps = Pick<TraceMeasures['gaps'], 'count' | 'meanNs' | 'buckets'>;

/** Shares up to here are evenly spaced, and from there on ever closer: few gaps are long, and they hold much of the time. */
const EVEN_SHARES = 38;
const EVEN_STEPS = 40;
const FEWEST_IN_TAIL = 5;
/** Sizes closer than this share of the mean are as good as equal. */
const FINEST = 0.01;

/**
 * The recorded gaps themselves, each independent of the others. Their sizes at some fifty shares; between them they are
 * spread evenly. Where gaps are equal the likelihood counts them as spread over the resolution of the recording, or a
 * hundredth of the mean gap: it would be without end.
 */
export function fitGaps(gaps: CountedGaps, resolutionNs: number): ArrivalModel | undefined {
  const { count, meanNs = 0 } = gaps;
  if (count < 2 || meanNs <= 0) return undefined;
  const points = pointsOf(gaps, sharesOf(count));
  const finestNs = Math.max(resolutionNs, FINEST * meanNs);
  let logLikelihood = 0;
  for (const [i, { share: upTo, sizeNs }] of points.entries()) {
    const from = points[i - 1] ?? { share: 0, sizeNs };
    const share = upTo - from.share;
    const widthNs = Math.max(finestNs, sizeNs - from.sizeNs);
    if (share > 0) logLikelihood += count * share * Math.log(share / (widthNs / 1e9));
  }
  return {
    spec: {
      pattern: 'gaps',
      rate: 1e9 / meanNs,
      gapShares: points.map(({ share }) => Number(share.toFixed(9))),
      gapSizes: points.map(({ sizeNs }) => Number((sizeNs / meanNs).toPrecision(6))),
    },
    logLikelihood,
    parameters: points.length,
  };
}

function sharesOf(count: number): number[] {
  const shares = Array.from({ length: EVEN_SHARES + 1 }, (_, i) => i / EVEN_STEPS);
  let above = 1 - EVEN_SHARES / EVEN_STEPS;
  for (; (above / 2) * count >= FEWEST_IN_TAIL; above /= 2) shares.push(Number((1 - above / 2).toFixed(9)));
  return [...shares, 1];
}

/** One point of a distribution: this share of the gaps is at most so long. Two of one share are a jump. */
interface GapPoint {
  readonly share: number;
  readonly sizeNs: number;
}

/** The sizes at these shares (rising); where most of the way between two of them is one jump, the jump as well. */
function pointsOf(gaps: CountedGaps, shares: readonly number[]): GapPoint[] {
  const points: GapPoint[] = [];
  let seen = 0;
  let before: GapPoint | undefined;
  let widest: readonly [GapPoint, GapPoint] | undefined;
  let next = 0;
  for (const { valueNs: sizeNs, count } of gaps.buckets()) {
    const from = { share: seen / gaps.count, sizeNs };
    if (before !== undefined && sizeNs - before.sizeNs > widthOf(widest))
      widest = [{ share: from.share, sizeNs: before.sizeNs }, from];
    seen += count;
    before = { share: seen / gaps.count, sizeNs };
    for (; next < shares.length && before.share >= (shares[next] as number); next++) {
      const last = points.at(-1);
      if (last !== undefined && widthOf(widest) * 2 > sizeNs - last.sizeNs) points.push(...(widest ?? []));
      points.push({ share: shares[next] as number, sizeNs });
      widest = undefined;
    }
  }
  return points;
}

function widthOf(jump: readonly [GapPoint, GapPoint] | undefined): number {
  return jump === undefined ? 0 : jump[1].sizeNs - jump[0].sizeNs;
}

import { naturalLog } from '../../exact-math.ts';
import { SeededStream } from '../streams/seeded-stream.ts';
import type { ArrivalSpec, MadeArrivals } from './arrival-spec.ts';
import { type RatePiece, ratePieces } from './rate-pieces.ts';

/** Times come in lists of at most so many. */
export const ARRIVALS_PER_LIST = 256;

/** Operations of these leave by chance (a Poisson process, or gaps of given sizes); those of all others evenly, as the rate has it. */
const BY_CHANCE: ReadonlySet<ArrivalSpec['pattern']> = new Set([
  'poisson',
  'exponential',
  'bursty',
  'mmpp',
  'gaps',
  'periodic',
]);

/**
 * When operations start, in whole ns from the beginning and before `endNs`, in order. Time is measured in operations: the
 * rate summed up over time. There, an even pattern starts one at each whole number, and one by chance after each gap of an
 * exponential distribution; from there, times are read off the rate's straight lines.
 */
export function* arrivalTimes(spec: MadeArrivals, seed: number, endNs: number): Generator<Float64Array> {
  const gapAfter = createGaps(spec, seed);
  let drawn = 0;
  let position = BY_CHANCE.has(spec.pattern) ? gapAfter(drawn++) : 0;
  let pieceNs = 0;
  let list = new Float64Array(ARRIVALS_PER_LIST);
  let held = 0;
  for (const piece of ratePieces(spec, new SeededStream(seed, 'bursts'))) {
    if (pieceNs >= endNs) break;
    const operations = operationsIn(piece);
    while (position < operations) {
      const startNs = Math.round(pieceNs + nsTo(position, piece));
      if (startNs >= endNs) break;
      list[held++] = startNs;
      if (held === ARRIVALS_PER_LIST) {
        yield list;
        list = new Float64Array(ARRIVALS_PER_LIST);
        held = 0;
      }
      position += gapAfter(drawn++);
    }
    position -= operations;
    pieceNs += piece.lengthNs;
  }
  if (held > 0) yield list.subarray(0, held);
}

/** The gap before the next operation, in operations of the rate: 1 on the mean. */
function createGaps(spec: MadeArrivals, seed: number): (drawn: number) => number {
  if (!BY_CHANCE.has(spec.pattern)) return () => 1;
  const gaps = new SeededStream(seed, 'arrivals');
  if (spec.pattern === 'gaps') return gapsOfSizes(spec, gaps);
  return (drawn) => -naturalLog(gaps.positive(drawn));
}

/** Gaps with these shares, in straight lines between them. */
function gapsOfSizes(
  { gapShares, gapSizes }: Extract<MadeArrivals, { pattern: 'gaps' }>,
  gaps: SeededStream,
): (drawn: number) => number {
  const shares = Float64Array.from(gapShares);
  const mean = meanGapSize(gapShares, gapSizes);
  const sizes = Float64Array.from(gapSizes, (size) => size / mean);
  return (drawn) => {
    const share = gaps.uniform(drawn);
    let above = 1;
    while (share >= (shares[above] as number) && above < shares.length - 1) above++;
    const [fromShare, toShare] = [shares[above - 1] as number, shares[above] as number];
    const [from, to] = [sizes[above - 1] as number, sizes[above] as number];
    return from + ((share - fromShare) / (toShare - fromShare)) * (to - from);
  };
}

/** The mean of a distribution that goes in straight lines between these shares. */
export function meanGapSize(shares: readonly number[], sizes: readonly number[]): number {
  let sum = 0;
  for (let i = 1; i < shares.length; i++)
    sum +=
      ((shares[i] as number) - (shares[i - 1] as number)) *
      (((sizes[i] as number) + (sizes[i - 1] as number)) / 2);
  return sum;
}

/** Operations of the whole piece, from its beginning to its end. */
export function operationsIn({ lengthNs, fromRate, toRate }: RatePiece): number {
  const mean = (fromRate + toRate) / 2;
  return mean === 0 ? 0 : mean * (lengthNs / 1e9);
}

/** Where in a piece the rate has summed up to so many operations. */
function nsTo(operations: number, { lengthNs, fromRate, toRate }: RatePiece): number {
  if (operations === 0) return 0;
  if (fromRate === toRate) return (operations / fromRate) * 1e9;
  const slope = (toRate - fromRate) / (lengthNs / 1e9);
  const rateThere = Math.sqrt(Math.max(0, fromRate * fromRate + 2 * operations * slope));
  return ((2 * operations) / (fromRate + rateThere)) * 1e9;
}

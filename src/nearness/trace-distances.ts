import { type CountedValues, distributionDistance } from '../results/arrivals/distance.ts';
import { bucketMiddle, sortedBuckets } from '../trace/stats/distribution.ts';
import type { Distribution } from '../trace/stats/trace-index.ts';
import { DISPERSION_WIDTHS_NS, type OpSizes, type TraceMeasures } from './trace-measures.ts';

/** How near two traces are to each other, ready to be printed as JSON; null where one of them has nothing to compare. */
export interface TraceDistances {
  a: MeasuredTrace;
  b: MeasuredTrace;
  gaps: GapDistance | null;
  dispersion: { window_ms: number; a: number | null; b: number | null }[];
  /** Total variation: the share of operations that would have to be of another op. 0 is the same mix, 1 another one. */
  op_mix_distance: number | null;
  request_size: SizeDistance | null;
  response_size: SizeDistance | null;
  ops: OpDistance[];
}

export interface MeasuredTrace {
  name: string;
  records: number;
  /** From the first start to the last. */
  duration_s: number;
  rate_per_s: number | null;
}

/** Of the gaps between consecutive starts. */
export interface GapDistance {
  ks: number;
  w1_us: number;
  /** W1 over the mean gap of a. */
  w1_over_mean: number | null;
}

export interface SizeDistance {
  ks: number;
  w1_bytes: number;
}

export interface OpDistance {
  op: string;
  a_count: number;
  b_count: number;
  request_size: SizeDistance | null;
  response_size: SizeDistance | null;
}

/** A trace that was measured, under its name. */
export interface NamedMeasures {
  name: string;
  measures: TraceMeasures;
}

/** Computes how near `b` is to `a`. */
export function traceDistances(a: NamedMeasures, b: NamedMeasures): TraceDistances {
  const [one, two] = [a.measures, b.measures];
  return {
    a: measuredTrace(a),
    b: measuredTrace(b),
    gaps: gapDistance(one, two),
    dispersion: DISPERSION_WIDTHS_NS.map((widthNs, i) => ({
      window_ms: widthNs / 1e6,
      a: one.dispersions[i] ?? null,
      b: two.dispersions[i] ?? null,
    })),
    op_mix_distance: opMixDistance(one, two),
    request_size: sizeDistance(one.request, two.request),
    response_size: sizeDistance(one.response, two.response),
    ops: opDistances(one.ops, two.ops),
  };
}

function measuredTrace({ name, measures: { records, spanNs } }: NamedMeasures): MeasuredTrace {
  const duration_s = spanNs / 1e9;
  return { name, records, duration_s, rate_per_s: spanNs > 0 ? records / duration_s : null };
}

function gapDistance(a: TraceMeasures, b: TraceMeasures): GapDistance | null {
  const distance = distributionDistance(a.gaps, b.gaps);
  if (distance === undefined) return null;
  const { ks, w1 } = distance;
  const meanNs = a.gaps.meanNs ?? 0;
  return { ks, w1_us: w1 / 1e3, w1_over_mean: meanNs > 0 ? w1 / meanNs : null };
}

function sizeDistance(a: Distribution, b: Distribution): SizeDistance | null {
  const distance = distributionDistance(countedValues(a), countedValues(b));
  return distance === undefined ? null : { ks: distance.ks, w1_bytes: distance.w1 };
}

function countedValues(sizes: Distribution): CountedValues {
  const buckets = () =>
    sortedBuckets(sizes).map(([bucket, count]) => ({ valueNs: bucketMiddle(bucket), count }));
  return { count: sizes.count, buckets };
}

function opMixDistance(a: TraceMeasures, b: TraceMeasures): number | null {
  if (a.records === 0 || b.records === 0) return null;
  const share = ({ ops, records }: TraceMeasures, op: string) => (ops.get(op)?.count ?? 0) / records;
  const differences = namesIn(a.ops, b.ops).map((op) => Math.abs(share(a, op) - share(b, op)));
  return differences.reduce((sum, each) => sum + each, 0) / 2;
}

function opDistances(a: ReadonlyMap<string, OpSizes>, b: ReadonlyMap<string, OpSizes>): OpDistance[] {
  const rows = namesIn(a, b).map((op) => {
    const [one, two] = [a.get(op), b.get(op)];
    const isInBoth = one !== undefined && two !== undefined;
    return {
      op,
      a_count: one?.count ?? 0,
      b_count: two?.count ?? 0,
      request_size: isInBoth ? sizeDistance(one.request, two.request) : null,
      response_size: isInBoth ? sizeDistance(one.response, two.response) : null,
    };
  });
  return rows.sort((x, y) => y.a_count - x.a_count || y.b_count - x.b_count);
}

function namesIn(a: ReadonlyMap<string, OpSizes>, b: ReadonlyMap<string, OpSizes>): string[] {
  return [...new Set([...a.keys(), ...b.keys()])];
}

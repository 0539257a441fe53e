import {
  type Distribution as WireDistribution,
  BlockStats as WireStats,
} from '../../gen/engram/trace/v1/trace.ts';
import { fromSum } from '../bytes/safe-integer.ts';
import type { ArrivalBins } from './block-stats.ts';
import { sortedBuckets } from './distribution.ts';
import type { BlockStats, Distribution } from './trace-index.ts';

/** Encodes a BlockStats message. */
export function encodeBlockStats(stats: BlockStats, arrivals: ArrivalBins): Uint8Array {
  return WireStats.encode(blockStatsToWire(stats, arrivals)).finish();
}

export function blockStatsToWire(stats: BlockStats, arrivals: ArrivalBins): WireStats {
  const strings = [''];
  const intern = (text: string) => (text === '' ? 0 : strings.push(text) - 1);
  const ops = [...stats.ops].map(([op, o]) => ({
    op: intern(op),
    count: fromSum(o.count),
    failed: fromSum(o.failed),
    cancelled: fromSum(o.cancelled),
    requestBytes: fromSum(o.requestBytes),
    responseBytes: fromSum(o.responseBytes),
    duration: distributionToWire(o.duration),
  }));
  return {
    ops,
    spaces: [...stats.spaces].flatMap(([space, count]) => [intern(space), count]),
    strings,
    httpRecords: fromSum(stats.httpRecords),
    grpcRecords: fromSum(stats.grpcRecords),
    grpcStreams: fromSum(stats.grpcStreams),
    sessionHashes: stats.sessionHashes,
    firstBin: fromSum(arrivals[0]?.[0] ?? 0),
    arrivals: arrivals.flatMap(([bin, count], i) => [bin - (arrivals[i - 1]?.[0] ?? bin), count]),
    gaps: distributionToWire(stats.gaps),
  };
}

export function distributionToWire(distribution: Distribution): WireDistribution {
  const buckets: number[] = [];
  let previous = 0;
  for (const [bucket, count] of sortedBuckets(distribution)) {
    buckets.push(bucket - previous, count);
    previous = bucket;
  }
  return {
    count: fromSum(distribution.count),
    sum: distribution.sum,
    sumOfSquares: distribution.sumOfSquares,
    min: fromSum(distribution.min),
    max: fromSum(distribution.max),
    buckets,
  };
}

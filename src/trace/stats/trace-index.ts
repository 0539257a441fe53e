import type { Loss } from '../record/record.ts';

/** A histogram of ns, 32 buckets to a power of two (relative error below 1.6 %). Adds up without loss. */
export interface Distribution {
  count: number;
  sum: number;
  sumOfSquares: number;
  min: number;
  max: number;
  /** Bucket number → count; `distribution.ts` has the bucket rule. */
  buckets: Map<number, number>;
}

export interface OpStats {
  count: number;
  /** Not ok, but for those that their client cancelled. */
  failed: number;
  cancelled: number;
  requestBytes: number;
  responseBytes: number;
  /** The distribution of the durations that are known. */
  duration: Distribution;
}

/** Statistics of one block or of many. */
export interface BlockStats {
  ops: Map<string, OpStats>;
  spaces: Map<string, number>;
  httpRecords: number;
  grpcRecords: number;
  grpcStreams: number;
  /** The smallest distinct session hashes, ascending, at most 256. */
  sessionHashes: number[];
  /**
   * Between consecutive starts: in a block, and in the totals also between blocks that do not overlap. So they are
   * all gaps of a trace exactly where there is one fewer than records.
   */
  gaps: Distribution;
}

/** One block as the index knows it. Times in ns from the header's epoch. */
export interface BlockEntry {
  /** The place of the frame, from the start of the file. */
  offset: number;
  compressedBytes: number;
  rawBytes: number;
  records: number;
  firstStartNs: number;
  lastStartNs: number;
  loss: Loss;
  /** Count per op, in the order of `Totals.ops`. */
  opCounts: number[];
  /** An encoded BlockStats message, decoded only when asked for. */
  stats: Uint8Array;
}

export interface Totals {
  records: number;
  rawBytes: number;
  firstStartNs: number;
  lastStartNs: number;
  loss: Loss;
  ops: string[];
  stats: BlockStats;
  /** Variance over mean of arrivals counted in windows of 10 ms and 100 ms. */
  dispersion10Ms: number;
  dispersion100Ms: number;
  timelineStepNs: number;
  /** Arrivals per step from firstStartNs on; at most 2000 values. */
  timeline: number[];
}

export interface TraceIndex {
  totals: Totals;
  /** Where only the totals were asked for: decoded (and checked against the file) when first looked at. */
  blocks: BlockEntry[];
  /** Number of blocks, where only the totals were asked for. */
  blockCount?: number;
  /** ns from the header's epoch. */
  closedNs: number;
}

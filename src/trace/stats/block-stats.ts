import { fnv1a, fnv1aOfBytes, mix32 } from '../../hash.ts';
import { createDistribution, mergeDistribution } from './distribution.ts';
import { OTHER_NAME } from './op-numbers.ts';
import type { BlockStats, OpStats } from './trace-index.ts';

/** Arrivals are counted on a grid of this width that starts at the Unix epoch. */
export const ARRIVAL_BIN_NS = 10_000_000;
/** Session hashes kept: the standard error of the estimate is about 1/sqrt(254), 6 %. */
export const SKETCH_SIZE = 256;
/** Names of ops, and of spaces, that a trace's totals keep: the first that come. The rest is `(other)`. */
export const MAX_TOTALS_NAMES = 1_000;

/** Arrivals of one block: bin number (Unix time / 10 ms) and count, ascending. */
export type ArrivalBins = readonly (readonly [bin: number, count: number])[];

/** Gives the arrival bin that a start (ns from `epochUnixNs`) falls in; what is before 1970 counts as bin 0. */
export function createBinOf(epochUnixNs: bigint): (startNs: number) => number {
  const width = BigInt(ARRIVAL_BIN_NS);
  const zeroBin = Number(epochUnixNs / width);
  const intoBinNs = Number(epochUnixNs % width);
  return (startNs) => Math.max(0, zeroBin + Math.floor((intoBinNs + startNs) / ARRIVAL_BIN_NS));
}

export function createBlockStats(): BlockStats {
  return {
    ops: new Map(),
    spaces: new Map(),
    httpRecords: 0,
    grpcRecords: 0,
    grpcStreams: 0,
    sessionHashes: [],
    gaps: createDistribution(),
  };
}

export function createOpStats(): OpStats {
  return {
    count: 0,
    failed: 0,
    cancelled: 0,
    requestBytes: 0,
    responseBytes: 0,
    duration: createDistribution(),
  };
}

/** Adds `other` into `stats`, which keeps a bounded number of names. */
export function mergeBlockStats(stats: BlockStats, other: BlockStats): void {
  for (const [op, more] of other.ops) mergeOp(stats.ops, op, more);
  for (const [space, count] of other.spaces) {
    const name = nameIn(stats.spaces, space);
    stats.spaces.set(name, (stats.spaces.get(name) ?? 0) + count);
  }
  stats.httpRecords += other.httpRecords;
  stats.grpcRecords += other.grpcRecords;
  stats.grpcStreams += other.grpcStreams;
  stats.sessionHashes = smallestHashes([...stats.sessionHashes, ...other.sessionHashes]);
  mergeDistribution(stats.gaps, other.gaps);
}

/** The same statistics with no more names than totals keep. */
export function boundStats(stats: BlockStats): BlockStats {
  const most = MAX_TOTALS_NAMES + 1;
  if (stats.ops.size <= most && stats.spaces.size <= most) return stats;
  const bounded = createBlockStats();
  mergeBlockStats(bounded, stats);
  return bounded;
}

function nameIn(known: ReadonlyMap<string, unknown>, name: string): string {
  return known.size < MAX_TOTALS_NAMES || known.has(name) ? name : OTHER_NAME;
}

/** Of the UTF-8 bytes; the sketch needs all bits even. A part of the format: sketches of traces are added up. */
export function sessionHash(session: string): number {
  return mix32(isAscii(session) ? fnv1a(session) : fnv1aOfBytes(Buffer.from(session, 'utf8')));
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}

/** The smallest distinct values, ascending, at most SKETCH_SIZE. */
export function smallestHashes(hashes: Iterable<number>): number[] {
  const smallest: number[] = [];
  // Sorted as numbers, not by a function: a block may have ten thousand sessions.
  for (const hash of Uint32Array.from(hashes).sort()) {
    if (hash !== smallest.at(-1)) smallest.push(hash);
    if (smallest.length === SKETCH_SIZE) break;
  }
  return smallest;
}

/**
 * Number of distinct sessions: exact below SKETCH_SIZE, from there on the k-minimum-values estimate
 * (k - 1) / U(k) of Beyer et al., "On Synopses for Distinct-Value Estimation Under Multiset Operations", 2007.
 */
export function estimateSessions(stats: BlockStats): number {
  const { sessionHashes } = stats;
  const largest = sessionHashes[SKETCH_SIZE - 1];
  if (largest === undefined) return sessionHashes.length;
  return Math.round((SKETCH_SIZE - 1) / ((largest + 1) / 2 ** 32));
}

function mergeOp(ops: Map<string, OpStats>, op: string, more: OpStats): void {
  const name = nameIn(ops, op);
  const sum = ops.get(name) ?? createOpStats();
  ops.set(name, sum);
  sum.count += more.count;
  sum.failed += more.failed;
  sum.cancelled += more.cancelled;
  sum.requestBytes += more.requestBytes;
  sum.responseBytes += more.responseBytes;
  mergeDistribution(sum.duration, more.duration);
}

import { hasSucceeded, isCancelled } from '../record/cancelled.ts';
import type { TraceRecord } from '../record/record.ts';
import { createBinOf, createBlockStats, createOpStats, sessionHash, smallestHashes } from './block-stats.ts';
import { encodeBlockStats } from './block-stats-encoder.ts';
import { addValue } from './distribution.ts';

/** Counts what the index says about a block. */
export interface StatsBuilder {
  add(record: TraceRecord): void;
  /** How many bytes it takes in memory, about. */
  readonly heldBytes: number;
  readonly opCounts: [op: string, count: number][];
  /** Encodes a BlockStats message; `starts` are those of the records added, ascending. */
  close(starts: ArrayLike<number>): Uint8Array;
}

const HELD_OP_BYTES = 1_024;
const HELD_NAME_BYTES = 64;

/** `epochUnixNs` is what the records' starts count from. */
export function createStatsBuilder(epochUnixNs: bigint): StatsBuilder {
  const stats = createBlockStats();
  const sessions = new Set<string>();
  return {
    add(record) {
      sessions.add(record.session);
      stats.spaces.set(record.space, (stats.spaces.get(record.space) ?? 0) + 1);
      if (record.protocol === 'http') stats.httpRecords++;
      else stats.grpcRecords++;
      if (record.stream) stats.grpcStreams++;
      const op = stats.ops.get(record.op) ?? createOpStats();
      if (op.count === 0) stats.ops.set(record.op, op);
      op.count++;
      if (isCancelled(record)) op.cancelled++;
      if (!hasSucceeded(record)) op.failed++;
      op.requestBytes += requestBytes(record);
      op.responseBytes += record.outcome.responseBytes;
      if (record.durationNs !== undefined) addValue(op.duration, record.durationNs);
    },
    get heldBytes() {
      return stats.ops.size * HELD_OP_BYTES + (sessions.size + stats.spaces.size) * HELD_NAME_BYTES;
    },
    get opCounts() {
      return [...stats.ops].map(([op, { count }]): [string, number] => [op, count]);
    },
    close(starts) {
      for (let i = 1; i < starts.length; i++) addValue(stats.gaps, (starts[i] ?? 0) - (starts[i - 1] ?? 0));
      stats.sessionHashes = smallestHashes([...sessions].map(sessionHash));
      return encodeBlockStats(stats, countArrivals(starts, epochUnixNs));
    },
  };
}

/** Bytes the client sent: body or messages, with those that were not kept. */
export function requestBytes(record: TraceRecord): number {
  let bytes = record.body.length;
  if (!record.stream) return bytes + record.bodyBytesMissing;
  // A message's size counts what was not kept of it, so that bodyBytesMissing would count it twice.
  for (const message of record.stream.messages) if (!message.fromServer) bytes += message.sizeBytes;
  return bytes;
}

function countArrivals(starts: ArrayLike<number>, epochUnixNs: bigint): [number, number][] {
  const binOf = createBinOf(epochUnixNs);
  const arrivals: [number, number][] = [];
  for (let i = 0; i < starts.length; i++) {
    const bin = binOf(starts[i] ?? 0);
    const last = arrivals.at(-1);
    if (last?.[0] === bin) last[1]++;
    else arrivals.push([bin, 1]);
  }
  return arrivals;
}

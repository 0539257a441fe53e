import { WireReader } from '../bytes/wire-reader.ts';
import { type ArrivalBins, createBlockStats, createOpStats, smallestHashes } from './block-stats.ts';
import { createDistribution } from './distribution.ts';
import type { BlockStats, Distribution, OpStats } from './trace-index.ts';

/** Statistics, and the arrivals that only those of a single block have. */
export interface DecodedStats {
  stats: BlockStats;
  arrivals: ArrivalBins;
}

/** Decodes a BlockStats message; throws a MalformedError. */
export function decodeBlockStats(bytes: Uint8Array): DecodedStats {
  const reader = new WireReader(bytes);
  const parts = noParts();
  while (reader.pos < reader.end) readField(reader, reader.varint(), parts);
  return assemble(parts);
}

/** Reads a BlockStats message with its length. */
export function readBlockStats(reader: WireReader): DecodedStats {
  const parts = noParts();
  reader.message((tag) => readField(reader, tag, parts));
  return assemble(parts);
}

/** As in the message: names are positions in its table, which may follow what refers to it. */
interface Parts {
  stats: BlockStats;
  strings: string[];
  ops: [name: number, stats: OpStats][];
  spaces: number[];
  hashes: number[];
  firstBin: number;
  arrivals: number[];
}

function noParts(): Parts {
  return {
    stats: createBlockStats(),
    strings: [],
    ops: [],
    spaces: [],
    hashes: [],
    firstBin: 0,
    arrivals: [],
  };
}

function readField(reader: WireReader, tag: number, parts: Parts): void {
  const { stats } = parts;
  if (tag === 10) parts.strings.push(reader.text());
  else if (tag === 18) parts.ops.push(readOp(reader));
  else if (tag === 26 || tag === 24) reader.numbers(tag, parts.spaces);
  else if (tag === 32) stats.httpRecords = reader.varint();
  else if (tag === 40) stats.grpcRecords = reader.varint();
  else if (tag === 48) stats.grpcStreams = reader.varint();
  else if (tag === 58) reader.packed(() => parts.hashes.push(reader.fixed32()));
  else if (tag === 61) parts.hashes.push(reader.fixed32());
  else if (tag === 64) parts.firstBin = reader.varint();
  else if (tag === 74 || tag === 72) reader.numbers(tag, parts.arrivals);
  else if (tag === 82) stats.gaps = readDistribution(reader);
  else reader.skip(tag);
}

function readOp(reader: WireReader): [name: number, stats: OpStats] {
  const stats = createOpStats();
  let name = 0;
  reader.message((tag) => {
    if (tag === 8) name = reader.varint();
    else if (tag === 16) stats.count = reader.varint();
    else if (tag === 24) stats.failed = reader.varint();
    else if (tag === 32) stats.requestBytes = reader.varint();
    else if (tag === 40) stats.responseBytes = reader.varint();
    else if (tag === 50) stats.duration = readDistribution(reader);
    else if (tag === 56) stats.cancelled = reader.varint();
    else reader.skip(tag);
  });
  return [name, stats];
}

/** Reads a Distribution message with its length. */
export function readDistribution(reader: WireReader): Distribution {
  const distribution = createDistribution();
  const pairs: number[] = [];
  reader.message((tag) => {
    if (tag === 8) distribution.count = reader.varint();
    else if (tag === 17) distribution.sum = reader.double();
    else if (tag === 25) distribution.sumOfSquares = reader.double();
    else if (tag === 32) distribution.min = reader.varint();
    else if (tag === 40) distribution.max = reader.varint();
    else if (tag === 50 || tag === 48) reader.numbers(tag, pairs);
    else reader.skip(tag);
  });
  distribution.buckets = new Map(runningPairs(pairs, 0));
  return distribution;
}

function assemble({ stats, strings, ops, spaces, hashes, firstBin, arrivals }: Parts): DecodedStats {
  const text = (index: number) => strings[index] ?? '';
  for (const [name, op] of ops) stats.ops.set(text(name), op);
  for (let i = 0; i + 1 < spaces.length; i += 2) stats.spaces.set(text(spaces[i] ?? 0), spaces[i + 1] ?? 0);
  stats.sessionHashes = smallestHashes(hashes);
  return { stats, arrivals: runningPairs(arrivals, firstBin) };
}

/** Differences and counts by turns, as positions and counts. */
function runningPairs(values: readonly number[], start: number): [position: number, count: number][] {
  const pairs: [number, number][] = [];
  let position = start;
  for (let i = 0; i + 1 < values.length; i += 2) {
    position += values[i] ?? 0;
    pairs.push([position, values[i + 1] ?? 0]);
  }
  return pairs;
}

import type { ByteWriter } from '../../trace/bytes/byte-writer.ts';
import type { ScenarioData } from '../scenario/scenario.ts';
import { createPartEncoder, type VectorForm } from './part-bytes.ts';
import { createSpread, type Spread, VECTOR_PARTS } from './vector-parts.ts';

/** The vectors of a scenario: each key has its own, always the same. */
export interface Vectors {
  readonly dimension: number;
  /** Writes the values with commas between them: JSON without its brackets. */
  readonly writeText: WriteVector;
  /** The same with `null` in place of every other value: a partial vector. */
  readonly writePartial: WriteVector;
  /** Writes the values as little-endian floats, as gRPC has them. */
  readonly writeFloats: WriteVector;
}

/** Appends the vector of a key. */
export type WriteVector = (key: number, out: ByteWriter) => void;

/** Parts in memory: at 768 dimensions up to some 45 MB of text, and 20 MB of floats where both protocols are used. */
const MOST_POOLED_MEMBERS = 6400;
const MEMBERS_PER_CLUSTER = { least: 8, most: 128 };

/**
 * Vectors put together from a pool: a cluster has up to 128 members in three parts each, and so two million vectors that
 * share at most two parts of three with another. Writing one is copying the bytes of three. With `uniqueVectors` every part
 * is made anew.
 */
export function createVectors(data: ScenarioData, seed: number): Vectors {
  const spread = createSpread(data, seed);
  const writerOf = data.uniqueVectors ? freshWriter : pooledWriter;
  const write = (form: VectorForm): WriteVector => writerOf(spread, partBytes(spread, form, data.dimension));
  return {
    dimension: data.dimension,
    writeText: write('text'),
    writePartial: write('partial'),
    writeFloats: write('floats'),
  };
}

/** The bytes of a part of a member of a cluster, there until the next call. */
type PartBytes = (cluster: number, member: number, part: number) => Uint8Array;

function partBytes({ make }: Spread, form: VectorForm, dimension: number): PartBytes {
  const encode = createPartEncoder(form, dimension);
  return (cluster, member, part) => encode(make(cluster, member, part), part === VECTOR_PARTS - 1);
}

function freshWriter({ clusters }: Spread, bytesOf: PartBytes): WriteVector {
  return (key, out) => {
    const member = Math.floor(key / clusters);
    for (let part = 0; part < VECTOR_PARTS; part++) out.raw(bytesOf(key % clusters, member, part));
  };
}

/** Keys go to clusters by turns; the vectors of a cluster repeat when every combination was had. */
function pooledWriter({ clusters }: Spread, bytesOf: PartBytes): WriteVector {
  const { least, most } = MEMBERS_PER_CLUSTER;
  const members = Math.min(most, Math.max(least, Math.floor(MOST_POOLED_MEMBERS / clusters)));
  const pool = new Map<number, Uint8Array>();
  const pooled = (cluster: number, member: number, part: number): Uint8Array => {
    const number = (cluster * members + member) * VECTOR_PARTS + part;
    let found = pool.get(number);
    if (found === undefined) {
      if (pool.size >= MOST_POOLED_MEMBERS * VECTOR_PARTS * 2) pool.clear();
      found = bytesOf(cluster, member, part).slice();
      pool.set(number, found);
    }
    return found;
  };
  return (key, out) => {
    const cluster = key % clusters;
    const rank = Math.floor(key / clusters);
    // Each combination once; neighbours share as little as can be.
    const first = rank % members;
    const second = (Math.floor(rank / members) + first) % members;
    const third = (Math.floor(rank / members ** 2) + first + second) % members;
    out.raw(pooled(cluster, first, 0));
    out.raw(pooled(cluster, second, 1));
    out.raw(pooled(cluster, third, 2));
  };
}

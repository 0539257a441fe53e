import type { ByteWriter } from '../../trace/bytes/byte-writer.ts';
import type { ScenarioData } from '../scenario/scenario.ts';
import { createPartEncoder, type EncodePart, type VectorForm } from './part-bytes.ts';
import { createSpread, type Spread, VECTOR_PARTS } from './vector-parts.ts';

/** The vectors of a scenario: each key has its own, always the same. */
export interface Vectors {
  readonly dimension: number;
  /** The values with commas between them: JSON without its brackets. */
  text(key: number): string;
  /** Writes the same. */
  readonly writeText: WriteVector;
  /** The same with `null` in place of every other value: a partial vector. */
  readonly writePartial: WriteVector;
  /** Writes the values as little-endian floats, as gRPC has them. */
  readonly writeFloats: WriteVector;
}

/** Appends the vector of a key. */
export type WriteVector = (key: number, out: ByteWriter) => void;

/** Parts in memory: at 768 dimensions up to some 45 MB of text, as much of strings for paths, and 20 MB of floats. */
const MOST_POOLED_MEMBERS = 6400;
const MEMBERS_PER_CLUSTER = { least: 8, most: 128 };

/**
 * Vectors put together from a pool: a cluster has up to 128 members in three parts each, and so two million vectors that
 * share at most two parts of three with another. Writing one is copying the bytes of three. With `uniqueVectors` every part
 * is made anew.
 */
export function createVectors(data: ScenarioData, seed: number): Vectors {
  const spread = createSpread(data, seed);
  const { uniqueVectors, dimension } = data;
  const partsOf = <T>(make: MakeForm<T>, kept: MakeForm<T> = make): PartsOf<T> =>
    uniqueVectors ? freshParts(spread, make) : pooledParts(spread, kept);
  const writer = (form: VectorForm): WriteVector => {
    const make = partBytes(spread, form, dimension);
    const bytesOf = partsOf(make, (...which) => make(...which).slice());
    return (key, out) => {
      for (const bytes of bytesOf(key)) out.raw(bytes);
    };
  };
  const textBytes = partBytes(spread, 'text', dimension);
  const textsOf = partsOf((...which) => Buffer.from(textBytes(...which)).toString('latin1'));
  return {
    dimension,
    text: (key) => {
      const [first, second, third] = textsOf(key);
      return `${first}${second}${third}`;
    },
    writeText: writer('text'),
    writePartial: writer('partial'),
    writeFloats: writer('floats'),
  };
}

/** Makes a form of a part of a member of a cluster. */
type MakeForm<T> = (cluster: number, member: number, part: number) => T;

/** The parts of the vector of a key; the list is there until the next call. */
type PartsOf<T> = (key: number) => readonly T[];

/** The bytes of a part are there until the same part of another is made. */
function partBytes({ make }: Spread, form: VectorForm, dimension: number): MakeForm<Uint8Array> {
  const encoders = Array.from({ length: VECTOR_PARTS }, () => createPartEncoder(form, dimension));
  return (cluster, member, part) => {
    const encode = encoders[part] as EncodePart;
    return encode(make(cluster, member, part), part === VECTOR_PARTS - 1);
  };
}

function freshParts<T>({ clusters }: Spread, make: MakeForm<T>): PartsOf<T> {
  const parts: T[] = [];
  return (key) => {
    const member = Math.floor(key / clusters);
    for (let part = 0; part < VECTOR_PARTS; part++) parts[part] = make(key % clusters, member, part);
    return parts;
  };
}

/** Keys go to clusters by turns; the vectors of a cluster repeat when every combination was had. */
function pooledParts<T>({ clusters }: Spread, make: MakeForm<T>): PartsOf<T> {
  const { least, most } = MEMBERS_PER_CLUSTER;
  const members = Math.min(most, Math.max(least, Math.floor(MOST_POOLED_MEMBERS / clusters)));
  const pool = new Map<number, T>();
  const pooled = (cluster: number, member: number, part: number): T => {
    const number = (cluster * members + member) * VECTOR_PARTS + part;
    let found = pool.get(number);
    if (found === undefined) {
      if (pool.size >= MOST_POOLED_MEMBERS * VECTOR_PARTS * 2) pool.clear();
      found = make(cluster, member, part);
      pool.set(number, found);
    }
    return found;
  };
  const parts: T[] = [];
  return (key) => {
    const cluster = key % clusters;
    const rank = Math.floor(key / clusters);
    // Each combination once; neighbours share as little as can be.
    const first = rank % members;
    const second = (Math.floor(rank / members) + first) % members;
    const third = (Math.floor(rank / members ** 2) + first + second) % members;
    parts[0] = pooled(cluster, first, 0);
    parts[1] = pooled(cluster, second, 1);
    parts[2] = pooled(cluster, third, 2);
    return parts;
  };
}

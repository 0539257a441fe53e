import type { ScenarioData } from '../scenario/scenario.ts';
import { createSpread, type Spread, VECTOR_PARTS } from './vector-parts.ts';

/** The vectors of a scenario: each key has its own, always the same. */
export interface Vectors {
  readonly dimension: number;
  /** The values with commas between them: JSON without its brackets. */
  text(key: number): string;
  /** The same with `null` in place of every other value: a partial vector. */
  partialText(key: number): string;
  /** The parts as little-endian floats, as gRPC has them, one behind the other. */
  floats(key: number): readonly Uint8Array[];
}

/** One part in the forms that were asked for. */
interface PooledPart {
  readonly values: Float64Array;
  text?: string;
  partial?: string;
  floats?: Uint8Array;
}

/** Parts in memory: up to some 70 MB of text at 768 dimensions. */
const MOST_POOLED_MEMBERS = 6400;
const MEMBERS_PER_CLUSTER = { least: 8, most: 128 };

/**
 * Vectors put together from a pool: a cluster has up to 128 members in three parts each, and so two million vectors that
 * share at most two parts of three with another. Making one is joining three texts. With `uniqueVectors` every part is
 * made anew.
 */
export function createVectors(data: ScenarioData, seed: number): Vectors {
  const spread = createSpread(data, seed);
  const partsOf = data.uniqueVectors ? freshParts(spread) : pooledParts(spread);
  return {
    dimension: data.dimension,
    text: (key) => joined(partsOf(key), textOf),
    partialText: (key) => joined(partsOf(key), partialOf),
    floats: (key) => partsOf(key).map(floatsOf),
  };
}

type PartsOf = (key: number) => PooledPart[];

function freshParts({ clusters, make }: Spread): PartsOf {
  return (key) => {
    const member = Math.floor(key / clusters);
    return PARTS.map((part) => ({ values: make(key % clusters, member, part) }));
  };
}

const PARTS = Array.from({ length: VECTOR_PARTS }, (_, part) => part);

/** Keys go to clusters by turns; the vectors of a cluster repeat when every combination was had. */
function pooledParts({ clusters, make }: Spread): PartsOf {
  const { least, most } = MEMBERS_PER_CLUSTER;
  const members = Math.min(most, Math.max(least, Math.floor(MOST_POOLED_MEMBERS / clusters)));
  const pool = new Map<number, PooledPart>();
  const pooled = (cluster: number, member: number, part: number): PooledPart => {
    const number = (cluster * members + member) * VECTOR_PARTS + part;
    let found = pool.get(number);
    if (found === undefined) {
      if (pool.size >= MOST_POOLED_MEMBERS * VECTOR_PARTS * 2) pool.clear();
      found = { values: make(cluster, member, part) };
      pool.set(number, found);
    }
    return found;
  };
  return (key) => {
    const cluster = key % clusters;
    const rank = Math.floor(key / clusters);
    // Each combination once; neighbours share as little as can be.
    const first = rank % members;
    const second = (Math.floor(rank / members) + first) % members;
    const third = (Math.floor(rank / members ** 2) + first + second) % members;
    return [pooled(cluster, first, 0), pooled(cluster, second, 1), pooled(cluster, third, 2)];
  };
}

function joined(parts: readonly PooledPart[], textOf: (part: PooledPart) => string): string {
  // A dimension below three leaves parts without a value.
  return parts
    .map(textOf)
    .filter((text) => text !== '')
    .join(',');
}

function textOf(part: PooledPart): string {
  part.text ??= part.values.join(',');
  return part.text;
}

function partialOf(part: PooledPart): string {
  part.partial ??= [...part.values].map((value, at) => (at % 2 === 0 ? String(value) : 'null')).join(',');
  return part.partial;
}

function floatsOf(part: PooledPart): Uint8Array {
  if (part.floats === undefined) {
    part.floats = new Uint8Array(part.values.length * 4);
    const view = new DataView(part.floats.buffer);
    part.values.forEach((value, at) => void view.setFloat32(at * 4, value, true));
  }
  return part.floats;
}

import type { ScenarioData } from '../scenario/scenario.ts';
import { SeededStream } from '../streams/seeded-stream.ts';
import { MILLIONTHS_PER_ONE } from './part-bytes.ts';

/** A vector is put together from so many parts, each of so many of its values. */
export const VECTOR_PARTS = 3;

/**
 * Two members of a cluster have about this cosine at most. The server drops what has 0.95 or more with what it holds, and
 * two members that share two parts of three have 2/3 + 1/3 of this: 0.9, with room for chance.
 */
const HIGHEST_COSINE = 0.7;

const HOT_SPOT_STD_DEV = 0.01;

/**
 * Makes the values of one part of a member of a cluster, in whole millionths; the whole vector has length 1. They are there
 * until the next call.
 */
export type MakePart = (cluster: number, member: number, part: number) => Float64Array;

/** How a scenario's vectors are spread over clusters. */
export interface Spread {
  readonly clusters: number;
  readonly make: MakePart;
}

/** The distribution of `data`, seeded. The centres of clusters are the same for every seed, as a preloaded target needs. */
export function createSpread({ embeddings, dimension, duplicates }: ScenarioData, seed: number): Spread {
  const members = new SeededStream(seed, 'vectors');
  const centerOf = createCenters(embeddings, dimension, duplicates);
  const clusters = embeddings.type === 'clustered' ? embeddings.clusters : 1;
  const rooms = Array.from({ length: VECTOR_PARTS }, (_, part) => roomOf(dimension, part));
  const make: MakePart = (cluster, member, part) => {
    const { from, values } = rooms[part] as PartRoom;
    const index = member * clusters + cluster;
    if (centerOf === undefined) {
      members.uniforms(values, index, from);
      for (let i = 0; i < values.length; i++) values[i] = 2 * (values[i] as number) - 1;
    } else {
      const { center, deviation } = centerOf(cluster);
      members.bells(values, index, 2 * from);
      for (let i = 0; i < values.length; i++)
        values[i] = (center[from + i] as number) + deviation * (values[i] as number);
    }
    return normalise(values, dimension);
  };
  return { clusters, make };
}

/** Where the values of a part are made, and which value of the vector is its first. */
interface PartRoom {
  readonly from: number;
  readonly values: Float64Array;
}

function roomOf(dimension: number, part: number): PartRoom {
  const bound = (number: number): number => Math.floor((dimension * number) / VECTOR_PARTS);
  return { from: bound(part), values: new Float64Array(bound(part + 1) - bound(part)) };
}

/** Members around a centre of mean square S, spread by s, have a cosine of S / (S + s²). */
function leastDeviation(center: Float64Array): number {
  const meanSquare = center.reduce((sum, value) => sum + value * value, 0) / center.length;
  return Math.sqrt(meanSquare * (1 / HIGHEST_COSINE - 1));
}

/** A centre, and how far its members are spread around it. */
interface Center {
  readonly center: Float64Array;
  readonly deviation: number;
}

/** The last centres are kept: there may be a million of them. */
const KEPT_CENTERS = 1024;

function createCenters(
  embeddings: ScenarioData['embeddings'],
  dimension: number,
  duplicates: boolean,
): ((cluster: number) => Center) | undefined {
  if (embeddings.type === 'uniform') return undefined;
  const asked = embeddings.type === 'clustered' ? embeddings.stdDev : HOT_SPOT_STD_DEV;
  const withDeviation = (center: Float64Array): Center => ({
    center,
    deviation: duplicates ? asked : Math.max(asked, leastDeviation(center)),
  });
  if (embeddings.type === 'hot_spot') {
    const only = withDeviation(
      Float64Array.from({ length: dimension }, (_, at) => embeddings.center[at] ?? 0),
    );
    return () => only;
  }
  const centers = new SeededStream(0, 'centers');
  const kept = new Map<number, Center>();
  return (cluster) => {
    let found = kept.get(cluster);
    if (found === undefined) {
      if (kept.size >= KEPT_CENTERS) kept.clear();
      const center = new Float64Array(dimension);
      centers.uniforms(center, cluster, 0);
      found = withDeviation(center.map((value) => 2 * value - 1));
      kept.set(cluster, found);
    }
    return found;
  };
}

/** Each part has its share of the length, so that whatever parts come together make a vector of length 1. */
function normalise(values: Float64Array, dimension: number): Float64Array {
  let square = 0;
  for (let i = 0; i < values.length; i++) square += (values[i] as number) * (values[i] as number);
  const scale = square === 0 ? 0 : Math.sqrt(values.length / dimension / square);
  for (let i = 0; i < values.length; i++)
    values[i] = Math.round((values[i] as number) * scale * MILLIONTHS_PER_ONE);
  return values;
}

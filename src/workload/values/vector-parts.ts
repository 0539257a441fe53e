import type { ScenarioData } from '../scenario/scenario.ts';
import { SeededStream } from '../streams/seeded-stream.ts';

/** A vector is put together from so many parts, each of so many of its values. */
export const VECTOR_PARTS = 3;

/**
 * Two members of a cluster have about this cosine at most. The server drops what has 0.95 or more with what it holds, and
 * two members that share two parts of three have 2/3 + 1/3 of this: 0.9, with room for chance.
 */
const HIGHEST_COSINE = 0.7;

/** Values are whole millionths: their texts are short, and the same in JSON and in gRPC. */
const STEPS_PER_ONE = 1e6;
const HOT_SPOT_STD_DEV = 0.01;

/** Makes the values of one part of a member of a cluster; the whole vector has length 1. */
export type MakePart = (cluster: number, member: number, part: number) => Float64Array;

/** How a scenario's vectors are spread over clusters. */
export interface Spread {
  readonly clusters: number;
  readonly make: MakePart;
}

/** The first value of a part, and that of the one behind it. */
export function boundsOfPart(dimension: number, part: number): { from: number; to: number } {
  const bound = (number: number): number => Math.floor((dimension * number) / VECTOR_PARTS);
  return { from: bound(part), to: bound(part + 1) };
}

/** The distribution of `data`, seeded. The centres of clusters are the same for every seed, as a preloaded target needs. */
export function createSpread({ embeddings, dimension, duplicates }: ScenarioData, seed: number): Spread {
  const members = new SeededStream(seed, 'vectors');
  const centerOf = createCenters(embeddings, dimension);
  const asked = askedDeviation(embeddings);
  const clusters = embeddings.type === 'clustered' ? embeddings.clusters : 1;
  const make: MakePart = (cluster, member, part) => {
    const { from, to } = boundsOfPart(dimension, part);
    const index = member * clusters + cluster;
    if (centerOf === undefined)
      return normalised(from, to, dimension, (at) => 2 * members.uniform(index, at) - 1);
    const center = centerOf(cluster);
    const deviation = duplicates ? asked : Math.max(asked, leastDeviation(center));
    return normalised(
      from,
      to,
      dimension,
      (at) => (center[at] as number) + deviation * members.bell(index, 2 * at),
    );
  };
  return { clusters, make };
}

function askedDeviation(embeddings: ScenarioData['embeddings']): number {
  return embeddings.type === 'clustered' ? embeddings.stdDev : HOT_SPOT_STD_DEV;
}

/** Members around a centre of mean square S, spread by s, have a cosine of S / (S + s²). */
function leastDeviation(center: Float64Array): number {
  const meanSquare = center.reduce((sum, value) => sum + value * value, 0) / center.length;
  return Math.sqrt(meanSquare * (1 / HIGHEST_COSINE - 1));
}

type CenterOf = (cluster: number) => Float64Array;

/** The last centres are kept: there may be a million of them. */
const KEPT_CENTERS = 1024;

function createCenters(embeddings: ScenarioData['embeddings'], dimension: number): CenterOf | undefined {
  if (embeddings.type === 'uniform') return undefined;
  if (embeddings.type === 'hot_spot') {
    const center = Float64Array.from({ length: dimension }, (_, at) => embeddings.center[at] ?? 0);
    return () => center;
  }
  const centers = new SeededStream(0, 'centers');
  const kept = new Map<number, Float64Array>();
  return (cluster) => {
    let center = kept.get(cluster);
    if (center === undefined) {
      if (kept.size >= KEPT_CENTERS) kept.clear();
      center = Float64Array.from({ length: dimension }, (_, at) => 2 * centers.uniform(cluster, at) - 1);
      kept.set(cluster, center);
    }
    return center;
  };
}

/** Each part has its share of the length, so that whatever parts come together make a vector of length 1. */
function normalised(
  from: number,
  to: number,
  dimension: number,
  valueAt: (at: number) => number,
): Float64Array {
  const values = Float64Array.from({ length: to - from }, (_, at) => valueAt(from + at));
  const square = values.reduce((sum, value) => sum + value * value, 0);
  const scale = square === 0 ? 0 : Math.sqrt(values.length / dimension / square);
  return values.map((value) => Math.round(value * scale * STEPS_PER_ONE) / STEPS_PER_ONE);
}

import type { ArrivalSpec } from '../arrivals/arrival-spec.ts';
import type { ChaosSpec } from './chaos-spec.ts';

/** How the operations of a scenario go to the server: all by one protocol, or some by each. */
export type ScenarioProtocol = 'http' | 'grpc' | 'mixed';

/** How likely each operation is, relative to the others. */
export interface OperationWeights {
  readonly store: number;
  readonly recall: number;
  readonly embeddingSearch: number;
  readonly patternCompletion: number;
}

/** A stretch of a scenario with a mix of operations of its own. */
export interface MixStage {
  readonly durationNs: number;
  readonly operations: OperationWeights;
}

/** Where the vectors lie. docs/scenarios.md has the formula of each. */
export type EmbeddingDistribution =
  | { readonly type: 'clustered'; readonly clusters: number; readonly stdDev: number }
  | { readonly type: 'uniform' }
  | { readonly type: 'hot_spot'; readonly center: readonly number[] };

/** How often each of several things is chosen: all alike, or the n-th in proportion to n to the power of -exponent. */
export type Popularity = { readonly kind: 'uniform' } | { readonly kind: 'zipf'; readonly exponent: number };

/** What the operations carry. */
export interface ScenarioData {
  /** Memories that the target holds before the run: what is recalled is one of them. */
  readonly nodes: number;
  readonly dimension: number;
  readonly spaces: number;
  readonly embeddings: EmbeddingDistribution;
  /** Vectors may lie as near to each other as the distribution has it, although the server drops what is too near. */
  readonly duplicates: boolean;
  /** Each vector is drawn anew, and not put together from a pool of parts. */
  readonly uniqueVectors: boolean;
  readonly popularity: Popularity;
  readonly spacePopularity: Popularity;
  readonly leastContentBytes: number;
  readonly mostContentBytes: number;
}

/** Limits that a run has to hold; undefined ones are not checked. */
export interface ScenarioLimits {
  readonly p95LatencyMs?: number | undefined;
  readonly p99LatencyMs?: number | undefined;
  readonly throughputPerSec?: number | undefined;
  /** 0 to 1. */
  readonly errorRate?: number | undefined;
}

/** A load without a recording: what a scenario file says. Plain data. */
export interface Scenario {
  readonly name: string;
  readonly description: string;
  readonly durationNs: number;
  readonly arrival: ArrivalSpec;
  /** Of the whole run. */
  readonly operations: OperationWeights;
  /** What the mix is from one stretch to the next, the last going on; undefined: all the time the same. */
  readonly mixStages?: readonly MixStage[] | undefined;
  readonly protocol: ScenarioProtocol;
  /** Share of the operations that go by gRPC where the protocol is `mixed`. */
  readonly grpcShare: number;
  /** Operations of one session keep their order; undefined: each is a session of its own, and waits for nobody. */
  readonly sessions: number | undefined;
  readonly data: ScenarioData;
  readonly limits: ScenarioLimits;
  /** What is done to the target besides; undefined: nothing. */
  readonly chaos?: ChaosSpec | undefined;
}

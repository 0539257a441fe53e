import type { ArrivalLog } from './arrival-log.ts';
import type { AnswerTimer } from './faults/answer-timer.ts';
import type { Faults } from './faults/faults.ts';
import type { ServiceQueue } from './faults/service-queue.ts';
import type { World } from './world.ts';

/** What the server counted since it started. */
export interface DevServerStats {
  httpOps: number;
  grpcOps: number;
  /** Messages received on gRPC streams. */
  grpcStreamMessages: number;
  /** Answers that were failures of the server (HTTP 5xx, gRPC INTERNAL), injected ones included. */
  errors: number;
  connections: number;
  /** Artifacts that the build cache pushed out to make room. */
  artifactsEvicted: number;
}

/** What the HTTP and the gRPC server both work with. */
export interface ServerContext {
  readonly world: World;
  readonly faults: Faults;
  readonly queue: ServiceQueue;
  readonly timer: AnswerTimer;
  readonly log: ArrivalLog;
  readonly stats: DevServerStats;
  /** What each answer says in its header x-backend. */
  readonly name: string | undefined;
  /** Monotonic ns. */
  readonly nowNs: () => number;
  /** Counts and numbers an operation that has just arrived. */
  begin(protocol: 'http' | 'grpc'): { operation: number; arrivalNs: number };
  /** Number of a connection just accepted, from 1. */
  nextSession(): number;
}

import type { Server as HttpServer } from 'node:http';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { EngramTraceError } from '../error.ts';
import { listenError } from '../listen-error.ts';
import { refuseUnknownOptions } from '../refuse-unknown-options.ts';
import { wallClockMs } from '../wall-clock.ts';
import { createActivityFeed } from './activity-feed.ts';
import { type ArrivalLog, createArrivalLog } from './arrival-log.ts';
import { createAnswerTimer } from './faults/answer-timer.ts';
import { createFaults } from './faults/faults.ts';
import type { Latency } from './faults/latency.ts';
import { createServiceQueue } from './faults/service-queue.ts';
import type { Stall } from './faults/stall.ts';
import { createGrpcServer } from './grpc/grpc-server.ts';
import { createHttpServer } from './http/http-server.ts';
import type { DevServerStats, ServerContext } from './server-context.ts';
import { ArtifactCache } from './store/artifact-cache.ts';
import { createMemoryStore } from './store/memory-store.ts';
import type { World } from './world.ts';

/** Without any: a server that answers at once, on any two ports of 127.0.0.1. */
export interface DevServerOptions {
  /** Address to listen on, for both. */
  host?: string | undefined;
  /** 0: any. */
  httpPort?: number | undefined;
  /** 0: any. */
  grpcPort?: number | undefined;
  seed?: number | undefined;
  /** From `parseLatency`. */
  latency?: Latency | undefined;
  /** 0 to 1: share of operations that fail with HTTP 500 or gRPC INTERNAL. */
  errorRate?: number | undefined;
  /** From `parseStall`. */
  stalls?: readonly Stall[] | undefined;
  /** Operations a second that it serves, one after the other; any number at once where undefined. */
  serviceRate?: number | undefined;
  /** Operations that may wait for that; more are refused. Any number where undefined. */
  serviceQueue?: number | undefined;
  /** How long a new space takes to make, ns: its first operations are answered no sooner. */
  makeSpaceNs?: number | undefined;
  /** Most that the artifacts of the build cache take. */
  cacheBytes?: number | undefined;
  /** What each answer says in its header x-backend; nothing where undefined. */
  name?: string | undefined;
  /** File to write arrivals to. */
  arrivalLog?: string | undefined;
  /** Empty an arrival log that exists. */
  force?: boolean | undefined;
  /** Also serve engramtrace.test.v1.Shapes. */
  testService?: boolean | undefined;
  /** Monotonic ns. */
  nowNs?: (() => number) | undefined;
  /** Unix ms. */
  wallMs?: (() => number) | undefined;
}

/** All there are: the compiler finds one that is missing. */
const OPTIONS: Record<keyof DevServerOptions, true> = {
  host: true,
  httpPort: true,
  grpcPort: true,
  seed: true,
  latency: true,
  errorRate: true,
  stalls: true,
  serviceRate: true,
  serviceQueue: true,
  makeSpaceNs: true,
  cacheBytes: true,
  name: true,
  arrivalLog: true,
  force: true,
  testService: true,
  nowNs: true,
  wallMs: true,
};

export interface DevServer {
  readonly httpPort: number;
  readonly grpcPort: number;
  stats(): DevServerStats;
  /** Drops what is still open, writes the arrival log out and frees the ports. Once. */
  close(): Promise<void>;
}

/** Starts a small stand-in for Engram that really stores and finds memories, over HTTP and gRPC. */
export async function createDevServer(options: DevServerOptions = {}): Promise<DevServer> {
  refuseUnknownOptions(options, OPTIONS, 'of createDevServer');
  const { host = '127.0.0.1', httpPort = 0, grpcPort = 0, testService = false, errorRate = 0 } = options;
  if (!(errorRate >= 0 && errorRate <= 1)) {
    throw new EngramTraceError('usage', `error rate: ${errorRate} does not lie in 0 to 1`);
  }
  if (!(options.serviceRate === undefined || options.serviceRate > 0)) {
    throw new EngramTraceError('usage', `service rate: ${options.serviceRate} is not above 0`);
  }
  if (!(options.serviceQueue === undefined || options.serviceQueue >= 0)) {
    throw new EngramTraceError('usage', `service queue: ${options.serviceQueue} is not 0 or more`);
  }
  const log = await createArrivalLog(options.arrivalLog, options.force);
  const context = createContext(options, log);
  const http = createHttpServer(context);
  const grpc = createGrpcServer(context, testService);
  const close = async () => {
    context.timer.close();
    http.closeAllConnections();
    grpc.shutdown();
    await Promise.all([closed(http), closed(grpc.listener)]);
    await log.close();
  };
  try {
    return {
      httpPort: await listen(http, httpPort, host),
      grpcPort: await listen(grpc.listener, grpcPort, host),
      stats: () => ({ ...context.stats, artifactsEvicted: context.world.artifacts.evicted }),
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

function createContext(options: DevServerOptions, log: ArrivalLog): ServerContext {
  const { seed = 1, latency = AT_ONCE, errorRate = 0, stalls = [], makeSpaceNs = 0 } = options;
  const { cacheBytes = CACHE_BYTES } = options;
  const { nowNs = monotonicNs, wallMs = wallClockMs } = options;
  const feed = createActivityFeed();
  const world: World = {
    store: createMemoryStore({ wallMs, nowNs, makeSpaceNs, publish: feed.publish }),
    artifacts: new ArtifactCache(cacheBytes),
    feed,
    snapshots: new WeakMap(),
    seed,
    wallMs,
    observationsQueued: 0,
    probeRuns: 0,
    operations: 0,
  };
  const stats = {
    httpOps: 0,
    grpcOps: 0,
    grpcStreamMessages: 0,
    errors: 0,
    connections: 0,
    artifactsEvicted: 0,
  };
  return {
    world,
    faults: createFaults({ seed, latency, errorRate, stalls, startNs: nowNs() }),
    queue: createServiceQueue(options.serviceRate, options.serviceQueue),
    timer: createAnswerTimer(nowNs),
    log,
    stats,
    name: options.name,
    nowNs,
    begin(protocol) {
      stats[protocol === 'http' ? 'httpOps' : 'grpcOps']++;
      return { operation: world.operations++, arrivalNs: nowNs() };
    },
    nextSession: () => ++stats.connections,
  };
}

/** Room for the artifacts of the build cache, where nobody says how much. */
const CACHE_BYTES = 256 * 2 ** 20;
const AT_ONCE: Latency = { kind: 'fixed', ns: 0 };

/** On the clock that all processes of this machine share: arrivals of several can be compared. */
function monotonicNs(): number {
  return Number(process.hrtime.bigint());
}

function listen(server: HttpServer | NetServer, port: number, host: string): Promise<number> {
  return new Promise((resolve, fail) => {
    server.once('error', (cause: Error) =>
      fail(listenError(cause, host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)),
    );
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function closed(server: HttpServer | NetServer): Promise<void> {
  return new Promise((resolve) => (server.listening ? server.close(() => resolve()) : resolve()));
}

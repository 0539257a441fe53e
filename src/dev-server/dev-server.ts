import type { Server as HttpServer } from 'node:http';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { EngramTraceError } from '../error.ts';
import { listenError } from '../listen-error.ts';
import { createActivityFeed } from './activity-feed.ts';
import { type ArrivalLog, createArrivalLog } from './arrival-log.ts';
import { createAnswerTimer } from './faults/answer-timer.ts';
import { createFaults } from './faults/faults.ts';
import type { Latency } from './faults/latency.ts';
import type { Stall } from './faults/stall.ts';
import { createGrpcServer } from './grpc/grpc-server.ts';
import { createHttpServer } from './http/http-server.ts';
import type { DevServerStats, ServerContext } from './server-context.ts';
import { createMemoryStore } from './store/memory-store.ts';
import type { World } from './world.ts';

export interface DevServerOptions {
  /** Address to listen on, for both. */
  host: string;
  /** 0: any. */
  httpPort: number;
  /** 0: any. */
  grpcPort: number;
  seed: number;
  /** From `parseLatency`. */
  latency: Latency;
  /** 0 to 1: share of operations that fail with HTTP 500 or gRPC INTERNAL. */
  errorRate: number;
  /** From `parseStall`. */
  stalls: readonly Stall[];
  /** How long a new space takes to make, ns: its first operations are answered no sooner. 0 where not given. */
  makeSpaceNs?: number | undefined;
  /** File to write arrivals to. */
  arrivalLog: string | undefined;
  /** Empty an arrival log that exists. */
  force?: boolean | undefined;
  /** Also serve engramtrace.test.v1.Shapes. */
  testService: boolean;
  /** Monotonic ns. */
  nowNs: () => number;
  /** Unix ms. */
  wallMs: () => number;
}

export interface DevServer {
  readonly httpPort: number;
  readonly grpcPort: number;
  stats(): DevServerStats;
  /** Drops what is still open, writes the arrival log out and frees the ports. Once. */
  close(): Promise<void>;
}

/** Starts a small stand-in for Engram that really stores and finds memories, over HTTP and gRPC. */
export async function createDevServer(options: DevServerOptions): Promise<DevServer> {
  if (!(options.errorRate >= 0 && options.errorRate <= 1)) {
    throw new EngramTraceError('usage', `error rate: ${options.errorRate} does not lie in 0 to 1`);
  }
  const log = await createArrivalLog(options.arrivalLog, options.force);
  const context = createContext(options, log);
  const http = createHttpServer(context);
  const grpc = createGrpcServer(context, options.testService);
  const close = async () => {
    context.timer.close();
    http.closeAllConnections();
    grpc.shutdown();
    await Promise.all([closed(http), closed(grpc.listener)]);
    await log.close();
  };
  try {
    const httpPort = await listen(http, options.httpPort, options.host);
    const grpcPort = await listen(grpc.listener, options.grpcPort, options.host);
    return { httpPort, grpcPort, stats: () => ({ ...context.stats }), close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

function createContext(options: DevServerOptions, log: ArrivalLog): ServerContext {
  const { seed, nowNs, wallMs, latency, errorRate, stalls, makeSpaceNs = 0 } = options;
  const feed = createActivityFeed();
  const world: World = {
    store: createMemoryStore({ wallMs, nowNs, makeSpaceNs, publish: feed.publish }),
    feed,
    snapshots: new WeakMap(),
    seed,
    wallMs,
    observationsQueued: 0,
    probeRuns: 0,
    operations: 0,
  };
  const stats = { httpOps: 0, grpcOps: 0, grpcStreamMessages: 0, errors: 0, connections: 0 };
  return {
    world,
    faults: createFaults({ seed, latency, errorRate, stalls, startNs: nowNs() }),
    timer: createAnswerTimer(nowNs),
    log,
    stats,
    nowNs,
    begin(protocol) {
      stats[protocol === 'http' ? 'httpOps' : 'grpcOps']++;
      return { operation: world.operations++, arrivalNs: nowNs() };
    },
    nextSession: () => ++stats.connections,
  };
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

import type { DemoClient } from './demo/demo-client.ts';
import { createDemoContent } from './demo/demo-content.ts';
import { createDemoGrpcClient } from './demo/demo-grpc-client.ts';
import { createDemoHttpClient } from './demo/demo-http-client.ts';
import { uniformOf } from './faults/seeded.ts';

const BURST_MS = [150, 500] as const;
const PAUSE_MS = [200, 700] as const;
const MEAN_GAP_IN_BURST_MS = 12;
const DEFAULT_MAX_OPERATIONS = 20_000;
const FIRST_DRAW = 10_000;

export interface DemoTrafficOptions {
  host?: string;
  httpPort: number;
  grpcPort: number;
  seed: number;
  durationMs: number;
  /** Half of them (rounded up) speak HTTP, the others gRPC; each has its own connection. */
  clients: number;
  /** Monotonic ns. */
  nowNs: () => number;
  /** Unix ms, for gRPC deadlines. */
  wallMs: () => number;
  /** Operations of all clients after which no more are sent; 20,000 by default. */
  maxOperations?: number;
}

export interface DemoTrafficCounts {
  httpOps: number;
  /** gRPC calls of every shape. */
  grpcOps: number;
  /** Those of the gRPC calls that were streams and ended well. */
  grpcStreams: number;
  /** Of all operations, those that got no whole answer or a gRPC error. */
  failed: number;
}

/** Bursty mixed traffic from independent clients, until the time or the count is used up. Each waits for its answers. */
export async function runDemoTraffic(options: DemoTrafficOptions): Promise<DemoTrafficCounts> {
  const endNs = options.nowNs() + options.durationMs * 1e6;
  const counts = { httpOps: 0, grpcOps: 0, grpcStreams: 0, failed: 0 };
  const budget = { left: options.maxOperations ?? DEFAULT_MAX_OPERATIONS };
  const clients = Array.from({ length: options.clients }, (_, i) => createClient(options, i));
  try {
    await Promise.all(clients.map((client, i) => runClient(client, i, options, endNs, counts, budget)));
  } finally {
    for (const client of clients) client.close();
  }
  return counts;
}

function createClient(options: DemoTrafficOptions, index: number): DemoClient {
  const { host = '127.0.0.1', httpPort, grpcPort, seed, wallMs } = options;
  const content = createDemoContent(seed);
  const space = index % 3 === 2 ? 'demo-two' : 'default';
  return index % 2 === 0
    ? createDemoHttpClient(host, httpPort, content, space)
    : createDemoGrpcClient(`${host}:${grpcPort}`, content, space, wallMs);
}

async function runClient(
  client: DemoClient,
  index: number,
  options: DemoTrafficOptions,
  endNs: number,
  counts: DemoTrafficCounts,
  budget: { left: number },
): Promise<void> {
  let draws = FIRST_DRAW;
  const uniform = () => uniformOf(options.seed, index, draws++);
  const between = ([low, high]: readonly [number, number]) => low + (high - low) * uniform();
  for (let sent = 0; options.nowNs() < endNs; ) {
    const burstEndNs = Math.min(endNs, options.nowNs() + between(BURST_MS) * 1e6);
    while (options.nowNs() < burstEndNs && budget.left > 0) {
      budget.left--;
      count(counts, client.kind, await client.operate(index * 100_000 + sent++, uniform()));
      await sleep(-MEAN_GAP_IN_BURST_MS * Math.log(1 - uniform()));
    }
    const leftMs = (endNs - options.nowNs()) / 1e6;
    if (budget.left <= 0) return;
    await sleep(Math.min(between(PAUSE_MS), Math.max(0, leftMs)));
  }
}

function count(
  counts: DemoTrafficCounts,
  kind: DemoClient['kind'],
  ended: 'operation' | 'stream' | 'failed',
): void {
  counts[kind === 'http' ? 'httpOps' : 'grpcOps']++;
  if (ended === 'stream') counts.grpcStreams++;
  if (ended === 'failed') counts.failed++;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

import type { DemoClient } from './demo/demo-client.ts';
import { createDemoContent } from './demo/demo-content.ts';
import { createDemoGrpcClient } from './demo/demo-grpc-client.ts';
import { createDemoHttpClient } from './demo/demo-http-client.ts';
import { uniformOf } from './faults/seeded.ts';

/** All clients hurry in the first part of each wave and idle in the rest, as users of one product do. */
const WAVE_MS = 1600;
const BURST_MS = 500;
const MEAN_GAP_IN_BURST_MS = 60;
const MEAN_GAP_MS = 2000;
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
  /** The operations that got no whole answer, or a gRPC error. */
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
  const startNs = options.nowNs();
  let draws = FIRST_DRAW;
  const uniform = () => uniformOf(options.seed, index, draws++);
  for (let sent = 0; ; ) {
    const { meanGapMs, leftMs } = phaseAt((options.nowNs() - startNs) / 1e6);
    const gapMs = -meanGapMs * Math.log(1 - uniform());
    await sleep(Math.min(gapMs, leftMs, (endNs - options.nowNs()) / 1e6));
    if (options.nowNs() >= endNs || budget.left <= 0) return;
    // Exponential gaps have no memory: one that reaches into the next phase is simply drawn again there.
    if (gapMs > leftMs) continue;
    budget.left--;
    count(counts, client.kind, await client.operate(index * 100_000 + sent++, uniform()));
  }
}

/** The pace of the phase in which the time falls, and how long it still lasts. */
function phaseAt(elapsedMs: number): { meanGapMs: number; leftMs: number } {
  const inWaveMs = elapsedMs % WAVE_MS;
  if (inWaveMs < BURST_MS) return { meanGapMs: MEAN_GAP_IN_BURST_MS, leftMs: BURST_MS - inWaveMs };
  return { meanGapMs: MEAN_GAP_MS, leftMs: WAVE_MS - inWaveMs };
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

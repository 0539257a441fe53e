import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CapacityDocument } from '../src/capacity/capacity-document.ts';
import { createServiceQueue } from '../src/dev-server/faults/service-queue.ts';
import { SeededStream } from '../src/workload/streams/seeded-stream.ts';
import { benchOptions, type OptionsOf } from './shared/bench-options.ts';
import { registerCleanUp } from './shared/clean-up.ts';
import { PROGRAM } from './shared/replay-child.ts';
import { withFolder } from './support.ts';

const OPTIONS = {
  protocols: [['http', 'grpc'], 'what the operations go over'],
  service: [500, 'operations a second that the server serves, one after the other'],
  limit: [30, 'ms, of the p95'],
  seconds: [6, 'a probe takes'],
  within: [0.05, 'the interval is to be so narrow'],
  probes: [25, 'at most'],
} as const;

/**
 * Whether capacity finds the limit of a server whose limit is known: one queue, one time of service, Poisson arrivals (M/D/1).
 * The truth is the rate at which the same queue, without any network, comes to the limit.
 */
export async function run(args: readonly string[]): Promise<void> {
  const options = benchOptions(args, OPTIONS);
  const truth = trueCapacity(options.service, options.limit);
  console.log(
    `M/D/1, ${options.service} served a second, p95 < ${options.limit} ms: ${truth.toFixed(0)} a second`,
  );
  for (const protocol of options.protocols) {
    const { answer, probes } = await search(protocol, options);
    const { capacity, low, high } = answer;
    const off = capacity === null ? '' : ` (${((100 * capacity) / truth - 100).toFixed(1)} %)`;
    const interval = [low, high].map((end) => end?.toFixed(0) ?? '-').join(' to ');
    console.log(
      `${protocol}: ${answer.boundary_type} ${capacity?.toFixed(0) ?? '-'}${off}, ${interval}, ${probes.length} probes`,
    );
  }
}

type Options = OptionsOf<typeof OPTIONS>;

async function search(
  protocol: string,
  { service, limit, seconds, within, probes }: Options,
): Promise<CapacityDocument> {
  const server = spawn(
    process.execPath,
    [
      ...[PROGRAM, 'dev-server', '--http-port', '0', '--grpc-port', '0', '--json', '--quiet'],
      ...['--service-rate', String(service), '--service-queue', String(service)],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const forget = registerCleanUp(async () => void server.kill());
  try {
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    const ports = JSON.parse(String(line)) as { http_port: number; grpc_port: number };
    return await withFolder(async (folder) => {
      writeFileSync(join(folder, 'load.toml'), scenarioOf(protocol));
      const target =
        protocol === 'grpc' ? `--grpc-endpoint=:${ports.grpc_port}` : `--endpoint=:${ports.http_port}`;
      const output = join(folder, 'capacity.json');
      const child = spawn(
        process.execPath,
        [
          ...[PROGRAM, 'capacity', '--scenario', join(folder, 'load.toml'), target, '--output', output],
          ...['--fail-if', `latency.overall.p95 > ${limit}ms`, '--probe-duration', String(seconds)],
          ...['--cool-down', '200ms', '--within', String(within), '--max-probes', String(probes)],
          ...['--from', String(service / 2), '--no-preload', '--no-calibrate'],
        ],
        { stdio: ['ignore', 'inherit', 'inherit'] },
      );
      await once(child, 'close');
      return JSON.parse(readFileSync(output, 'utf8')) as CapacityDocument;
    });
  } finally {
    forget();
    server.kill();
  }
}

const scenarioOf = (protocol: string): string => `
name = "Queue"
protocol = "${protocol}"
[duration]
total_seconds = 60
[arrival]
pattern = "poisson"
lambda = 100
[operations]
store_weight = 0
recall_weight = 100
embedding_search_weight = 0
pattern_completion_weight = 0
[data]
num_nodes = 100
embedding_dim = 768
memory_spaces = 1
`;

/** By bisection over a queue of so many operations that chance is small. */
function trueCapacity(service: number, limitMs: number): number {
  let [low, high] = [service / 10, service];
  for (let i = 0; i < 20; i += 1) {
    const middle = (low + high) / 2;
    if (p95Ms(service, middle) < limitMs) low = middle;
    else high = middle;
  }
  return low;
}

function p95Ms(service: number, rate: number): number {
  const queue = createServiceQueue(service);
  const arrivals = new SeededStream(1, 'arrivals');
  const count = 300_000;
  const took = new Float64Array(count);
  let nowNs = 0;
  for (let i = 0; i < count; i += 1) {
    nowNs += (-Math.log(arrivals.positive(i)) * 1e9) / rate;
    took[i] = (queue.join(nowNs) ?? 0) - nowNs;
  }
  return (took.sort()[Math.floor(0.95 * count)] ?? 0) / 1e6;
}

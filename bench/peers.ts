import { installedTools } from './peers/installed-tools.ts';
import { measureCpu } from './peers/parts/cpu.ts';
import { measureMemory } from './peers/parts/memory.ts';
import { measureLow, measurePrecision } from './peers/parts/paced.ts';
import type { Bench, Part, Target } from './peers/parts/part.ts';
import { measureRate } from './peers/parts/rate.ts';
import { type Sink, withSink } from './peers/sink/with-sink.ts';
import { TOOLS } from './peers/tools.ts';
import { REQUESTS, type RequestName } from './peers/write-plan.ts';
import { writeTable } from './peers/write-table.ts';
import { BenchUsage, benchOptions } from './shared/bench-options.ts';
import { type NginxTarget, withNginx } from './shared/nginx-target.ts';
import { isInstalled } from './shared/run-child.ts';
import { withFolder } from './support.ts';

const PARTS: Readonly<Record<string, Part>> = {
  cpu: measureCpu,
  rate: measureRate,
  precision: measurePrecision,
  low: measureLow,
  memory: measureMemory,
};

const OPTIONS = {
  parts: [['cpu', 'rate', 'precision', 'low', 'memory'], 'each takes some two minutes'],
  workloads: [['get', 'post-8k', 'grpc-3k'], 'of cpu and rate'],
  tools: [['all'], 'by name; those that are not installed are told'],
  rounds: [0, 'of all tools by turns; 0: two of cpu, one of the others'],
  seconds: [3, 'length of each run of rate, precision and low'],
  operations: [40_000, 'of cpu'],
  posts: [200_000, 'of memory'],
  rates: [[1000, 5000, 15_000], 'a second, of precision'],
  lowRates: [[100, 1000], 'a second, of low'],
  connections: [16, 'of HTTP, one request on each'],
  inFlight: [64, 'calls of gRPC'],
  write: [false, 'put the columns into docs/benchmarks.md'],
} as const;

/**
 * This program beside the load tools that are on the PATH, at the same work, on the same server, by turns: the tool on
 * core 0, the server on core 1, everything on 127.0.0.1.
 */
export async function run(args: readonly string[]): Promise<void> {
  const options = benchOptions(args, OPTIONS);
  const { parts, workloads, tools: names, write } = options;
  refuseUnknown('part', parts, PARTS);
  refuseUnknown('workload', workloads, REQUESTS);
  const tools = installedTools(TOOLS.filter(({ name }) => names.includes('all') || names.includes(name)));
  for (const { name, version, isThere } of tools) {
    console.log(`  ${name.padEnd(13)} ${isThere ? version : 'not installed'}`);
  }
  await withServers((sink, nginx) =>
    withFolder(async (folder) => {
      const bench: Bench = {
        ...{ folder, tools, sink },
        options: { ...options, workloads: workloads as readonly RequestName[] },
        targetOf: (kind) => targetOf(kind, sink, nginx),
      };
      for (const part of parts) {
        console.log(`\n${part}`);
        const table = await (PARTS[part] as Part)(bench);
        console.log(table.text);
        if (write) writeTable(part, table);
      }
    }),
  );
}

function refuseUnknown(what: string, names: readonly string[], known: object): void {
  const unknown = names.find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  throw new BenchUsage(`no ${what} ${unknown}; there are ${Object.keys(known).join(', ')}`);
}

async function withServers(action: (sink: Sink, nginx?: NginxTarget) => Promise<void>): Promise<void> {
  if (!isInstalled('nginx')) {
    console.log('nginx: not installed; HTTP goes to our own server too, which limits the highest rates');
    return withSink(action);
  }
  return withNginx((nginx) => withSink((sink) => action(sink, nginx)));
}

function targetOf(kind: 'get' | 'post' | 'grpc', sink: Sink, nginx: NginxTarget | undefined): Target {
  const served = (): Promise<number> => sink.served();
  if (kind === 'grpc') return { name: 'own, answers in batches', port: sink.grpcPort, served };
  if (nginx === undefined) return { name: 'own', port: sink.httpPort, served };
  let looks = 0;
  // Each question is a request too.
  return {
    name: 'nginx',
    port: nginx.http,
    served: async () => {
      looks += 1;
      return (await nginx.requests()) - looks;
    },
  };
}

import { join } from 'node:path';
import type { TraceRecord } from '../src/trace/record/record.ts';
import { CACHE_LOAD, type CacheLoad } from '../src/workload/clients/cache-load.ts';
import { openCacheLoad } from '../src/workload/clients/open-cache-load.ts';
import { benchOptions, type OptionsOf } from './shared/bench-options.ts';
import { measureCosts, printCosts } from './shared/cost-table.ts';
import { httpTools } from './shared/load-tools.ts';
import { type NginxTarget, withNginx } from './shared/nginx-target.ts';
import { runReplayChild } from './shared/replay-child.ts';
import { stepOf } from './shared/replay-step.ts';
import { writeBatches } from './shared/write-trace.ts';
import { withFolder } from './support.ts';

const OPTIONS = {
  rounds: [5, 'of all by turns'],
  clients: [500, 'of a build cache, and connections of wrk'],
  requests: [200, 'of each client'],
  artifactBytes: [256, 'mean size of what is stored'],
  cores: ['0', 'for the tool that runs, as taskset takes them; all: not pinned'],
} as const;

type Options = OptionsOf<typeof OPTIONS>;

/** CPU per request of closed-loop clients, of a replay of the same requests, and of wrk with as many connections. */
export async function run(args: readonly string[]): Promise<void> {
  const options = benchOptions(args, OPTIONS);
  const { rounds, clients, requests, artifactBytes } = options;
  const load = { ...CACHE_LOAD, clients, requests, artifactBytes, durationNs: 3600e9 };
  await withNginx((target) =>
    withFolder(async (folder) => {
      const trace = join(folder, 'same.trace.zst');
      await writeBatches(trace, await recordsOf(load));
      console.log(`${clients} clients, no pauses, ${clients * requests} requests, ${rounds} rounds`);
      const url = `http://127.0.0.1:${target.http}/`;
      const tool = { url, operations: clients * requests, inFlight: clients, bodyFile: '' };
      const costs = await measureCosts(
        {
          'run --clients': () => costOfClients(load, target, options),
          replay: () => costOfReplay(trace, load, target, options),
          ...httpTools(['wrk'], tool, target),
        },
        rounds,
      );
      printCosts(costs, ['replay', 'wrk']);
      console.log('target: run --clients at most 1.00 of replay’s');
    }),
  );
}

/** The operations of the load, close together. */
async function recordsOf(load: CacheLoad): Promise<TraceRecord[][]> {
  const batches: TraceRecord[][] = [];
  for await (const batch of openCacheLoad(load, 100_000).records()) batches.push(batch);
  return batches;
}

async function costOfClients(load: CacheLoad, target: NginxTarget, { cores }: Options): Promise<number> {
  const flags = [
    ...['--clients', `${load.clients}`, '--requests', `${load.requests}`, '--duration', '3600'],
    ...['--think', '0', '--artifact-size', `${load.artifactBytes}`, '--senders', '1'],
    ...['--endpoint', `http://127.0.0.1:${target.http}`],
  ];
  return costOf(await runReplayChild(flags, { cores, command: 'run' }), load);
}

/** Every session waits for its answers, as the clients do. */
async function costOfReplay(
  trace: string,
  load: CacheLoad,
  target: NginxTarget,
  { cores }: Options,
): Promise<number> {
  const flags = [
    ...['--trace', trace, '--timing', 'asap', '--max-in-flight', `${load.clients}`, '--senders', '1'],
    ...['--connections', 'recorded', '--endpoint', `http://127.0.0.1:${target.http}`],
  ];
  return costOf(await runReplayChild(flags, { cores }), load);
}

function costOf(run: Awaited<ReturnType<typeof runReplayChild>>, { clients, requests }: CacheLoad): number {
  const { total, failed } = run.document.operations;
  if (total !== clients * requests || failed > 0) throw new Error(`${failed} of ${total} failed`);
  return stepOf(run, 0).cpuUsPerOp;
}

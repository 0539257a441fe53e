import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runDemoTraffic } from '../dev-server/demo-traffic.ts';
import { renderArrivalsChart } from '../report/arrivals-chart.ts';
import { createFileSink } from '../trace/file/file-sink.ts';
import { actualArrivals, plannedArrivals } from './arrivals.ts';
import type { Launcher } from './child-command.ts';
import { type ReplayResult, summaryTable } from './summary.ts';

export interface DemoOptions {
  launcher: Launcher;
  /** Folder for the trace, the results and the picture; what an earlier demo left there is replaced. */
  resultsDir: string;
  trafficMs: number;
  seed: number;
  multipliers: readonly number[];
  /** Monotonic ns. */
  nowNs: () => number;
  /** Unix ms. */
  wallMs: () => number;
  /** Takes one line for people. */
  say: (line: string) => void;
}

const LOOPBACK_ANY = '127.0.0.1:0';
const SERVER_ARGS = [
  'dev-server',
  '--json',
  '--http-port',
  '0',
  '--grpc-port',
  '0',
  '--latency',
  'lognormal:2ms,0.6',
];
const CLIENTS = 64;
const BIN_MS = 100;
/** On a machine that is busy with other things a replay may call itself invalid; that is worth showing, too. */
const REPLAY_CODES = [0, 98];

/**
 * The whole circle on this machine: a server with capture in front, traffic, export, inspect, and a replay at each
 * multiplier against a new server. Everything goes through the commands a user would type, which are shown.
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { resultsDir, say } = options;
  const oplog = join(resultsDir, 'oplog');
  const trace = join(resultsDir, 'monday.trace.zst');
  await mkdir(resultsDir, { recursive: true });
  await rm(oplog, { recursive: true, force: true });

  const made = await recordTraffic(options, oplog);
  await shown(options, ['export', '--source', oplog, '--output', trace, '--force']);
  await shown(options, ['inspect', trace]);
  const results: ReplayResult[] = [];
  for (const multiplier of options.multipliers) results.push(await replayOnce(options, trace, multiplier));

  const picture = join(resultsDir, 'arrivals.svg');
  await drawArrivals(trace, results, picture);
  say('');
  for (const line of summaryTable(made, results)) say(line);
  say('');
  say(`picture: ${picture}`);
}

async function recordTraffic(options: DemoOptions, oplog: string): Promise<number> {
  const { say } = options;
  const server = await options.launcher.serve([...SERVER_ARGS, '--seed', String(options.seed)]);
  const capture = await options.launcher
    .serve([
      ...['capture', '--json', '--oplog', oplog],
      ...['--http-listen', LOOPBACK_ANY, '--http-upstream', `127.0.0.1:${server.ready['http_port']}`],
      ...['--grpc-listen', LOOPBACK_ANY, '--grpc-upstream', `127.0.0.1:${server.ready['grpc_port']}`],
    ])
    .catch(async (error: unknown) => {
      await server.stop();
      throw error;
    });
  try {
    say(
      `recording ${options.trafficMs / 1000} s of bursty traffic from HTTP and gRPC clients through capture`,
    );
    const { httpOps, grpcOps, grpcStreams } = await runDemoTraffic({
      httpPort: Number(capture.ready['http_port']),
      grpcPort: Number(capture.ready['grpc_port']),
      seed: options.seed,
      durationMs: options.trafficMs,
      clients: CLIENTS,
      nowNs: options.nowNs,
      wallMs: options.wallMs,
    });
    say(
      `  ${CLIENTS} clients made ${httpOps} HTTP operations and ${grpcOps} gRPC calls, ${grpcStreams} of them streams`,
    );
    return httpOps + grpcOps;
  } finally {
    await capture.stop();
    await server.stop();
  }
}

async function replayOnce(options: DemoOptions, trace: string, multiplier: number): Promise<ReplayResult> {
  const output = join(options.resultsDir, `replay-${multiplier}x.json`);
  const arrivalLog = join(options.resultsDir, `arrivals-${multiplier}x.ndjson`);
  const logArgs = ['--arrival-log', arrivalLog, '--force'];
  const server = await options.launcher.serve([...SERVER_ARGS, '--seed', '2', ...logArgs]);
  try {
    await shown(
      options,
      [
        ...['replay', '--trace', trace, '--rate-multiplier', String(multiplier)],
        ...['--endpoint', `http://127.0.0.1:${server.ready['http_port']}`],
        ...['--grpc-endpoint', `127.0.0.1:${server.ready['grpc_port']}`],
        ...['--output', output, '--force'],
      ],
      REPLAY_CODES,
    );
  } finally {
    await server.stop();
  }
  return { multiplier, arrivalLog, document: JSON.parse(await readFile(output, 'utf8')) };
}

async function drawArrivals(trace: string, results: readonly ReplayResult[], picture: string): Promise<void> {
  const panels = results.map(async ({ multiplier, arrivalLog, document }) => ({
    title: `replay at ${multiplier}x, ${document.summary.total_operations} operations`,
    binMs: BIN_MS,
    planned: await plannedArrivals(trace, multiplier, BIN_MS),
    actual: await actualArrivals(arrivalLog, BIN_MS),
  }));
  const title = 'Planned against actual arrivals at the server';
  const sink = await createFileSink(picture, { force: true });
  try {
    await sink.write(Buffer.from(renderArrivalsChart(title, await Promise.all(panels))));
    await sink.close();
  } finally {
    await sink.abort();
  }
}

/** Runs a command as a user would, showing its command line and what it prints. */
async function shown(
  options: DemoOptions,
  args: readonly string[],
  goodCodes?: readonly number[],
): Promise<void> {
  options.say('');
  options.say(`$ engram-trace ${args.join(' ')}`);
  await options.launcher.run(args, (line) => options.say(line), goodCodes);
}

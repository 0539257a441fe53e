import { Command, Option } from 'commander';
import type { DevServer } from '../../dev-server/dev-server.ts';
import { type Latency, parseLatency } from '../../dev-server/faults/latency.ts';
import { parseStall, type Stall } from '../../dev-server/faults/stall.ts';
import { parseDurationNs } from '../../duration.ts';
import { EngramTraceError } from '../../error.ts';
import { exitCodeOfSignal } from '../exit/exit-code.ts';
import { untilSignal } from '../exit/signals.ts';
import { parseCount, parseFactor, parsePort, parseRatio } from '../flags/flag-parsers.ts';
import { parseSize } from '../flags/parse-size.ts';
import { tell, tellOnStdout } from '../people/people.ts';

interface DevServerFlags {
  httpPort: number;
  grpcPort: number;
  host: string;
  latency: Latency;
  errorRate: number;
  stall: Stall[];
  serviceRate?: number;
  serviceQueue?: number;
  spaceLatency: number;
  cacheSize: number;
  seed: number;
  name?: string;
  arrivalLog?: string;
  force?: boolean;
  testService?: boolean;
  json?: boolean;
  quiet?: boolean;
}

const APART = `
docs/dev-server.md says what it answers. Apart from Engram on purpose:
  - all is in memory, and gone with the process
  - it goes on after POST /shutdown, and after what ends a real server: the rpc
    MemoryStream, an event stream with buffer_size=0
  - /monitoring/events that names no events of its level is silent, in the place
    of pinning a core
  - making a space holds up what comes to that space, and nothing else
  - no WebSocket at /v1/stream (501), no authentication, no HTTP/2 on the HTTP port`;

/** `engram-trace dev-server`: a stand-in for Engram, until it is stopped. */
export function makeDevServerCommand(): Command {
  return new Command('dev-server')
    .option('--http-port <port>', 'HTTP port, 0 for any', parsePort, 7432)
    .option('--grpc-port <port>', 'gRPC port, 0 for any', parsePort, 50051)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addOption(
      new Option('--latency <spec>', '5ms, uniform:1ms,5ms, exp:5ms, lognormal:5ms,0.5 or pareto:1ms,1.5')
        .argParser(parseLatency)
        .default(parseLatency('0'), '0'),
    )
    .option('--error-rate <ratio>', 'part of the operations that fail', parseRatio, 0)
    .addOption(
      new Option(
        '--stall <window>',
        'answer nothing for 2s from 10s after the start: 2s@10s; may be repeated',
      )
        .argParser(collectStall)
        .default([], 'none'),
    )
    .option(
      '--service-rate <rate>',
      'operations a second that are served, one after the other; the others wait their turn (default: all at once)',
      parseFactor,
    )
    .option(
      '--service-queue <count>',
      'how many may wait their turn; more are refused with 503 or UNAVAILABLE (default: any number)',
      parseCount,
    )
    .addOption(
      new Option('--space-latency <time>', 'how long a new memory space takes to make (Engram: 3s to 17s)')
        .argParser((text) => parseDurationNs(text, 'space latency'))
        .default(0, '0'),
    )
    .addOption(
      new Option('--cache-size <size>', 'room for the artifacts of the build cache (/cache/HASH)')
        .argParser(parseSize)
        .default(parseSize('256MiB'), '256MiB'),
    )
    .option('--seed <number>', 'of latencies and errors', parseCount, 1)
    .option('--name <name>', 'what each answer says in its header x-backend', parseName)
    .option(
      '--arrival-log <file>',
      'write operation, session and arrival time of everything that comes, as NDJSON',
    )
    .option('--force', 'replace an arrival log that exists')
    .option('--test-service', 'serve a gRPC service with every shape of call too')
    .option('--json', 'print the ports as JSON when ready')
    .addHelpText('after', APART)
    .action(runDevServer);
}

/** A text that a header can hold. */
function parseName(text: string): string {
  if (/^[\x21-\x7e](?:[\x20-\x7e]{0,198}[\x21-\x7e])?$/.test(text)) return text;
  throw new EngramTraceError('usage', 'a name is 1 to 200 printable characters of ASCII');
}

function collectStall(text: string, previous: readonly Stall[]): Stall[] {
  return [...previous, parseStall(text)].sort((a, b) => a.startNs - b.startNs);
}

async function runDevServer(flags: DevServerFlags): Promise<void> {
  const stopped = untilSignal();
  const { createDevServer } = await import('../../dev-server/dev-server.ts');
  const server = await createDevServer({
    host: flags.host,
    httpPort: flags.httpPort,
    grpcPort: flags.grpcPort,
    seed: flags.seed,
    latency: flags.latency,
    errorRate: flags.errorRate,
    arrivalLog: flags.arrivalLog,
    force: flags.force,
    testService: flags.testService,
    stalls: flags.stall,
    serviceRate: flags.serviceRate,
    serviceQueue: flags.serviceQueue,
    makeSpaceNs: flags.spaceLatency,
    cacheBytes: flags.cacheSize,
    name: flags.name,
  });
  tellOnStdout(`${readyLine(flags, server)}\n`);
  process.exitCode = exitCodeOfSignal(await stopped);
  await server.close();
  if (!flags.quiet) printStats(server);
}

function readyLine({ host, json }: DevServerFlags, { httpPort, grpcPort }: DevServer): string {
  if (json) return JSON.stringify({ host, http_port: httpPort, grpc_port: grpcPort });
  return `dev-server ready: HTTP on ${host}:${httpPort}, gRPC on ${host}:${grpcPort}`;
}

function printStats(server: DevServer): void {
  const { httpOps, grpcOps, errors, connections, artifactsEvicted } = server.stats();
  const evicted = artifactsEvicted === 0 ? '' : `, ${artifactsEvicted} artifacts pushed out of the cache`;
  tell(
    `dev-server: ${httpOps} HTTP and ${grpcOps} gRPC operations, ${errors} errors, ${connections} connections${evicted}\n`,
  );
}

import { type Command, Option } from 'commander';
import { EngramTraceError } from '../../error.ts';
import { clientsRun } from '../../library/load-run.ts';
import { refuseSameFile } from '../../library/refuse-same-file.ts';
import { parseHeaderOverrides } from '../../replay-run/connect/header-overrides.ts';
import type { RunOptions } from '../../replay-run/options/run-options.ts';
import { pairEndpoints } from '../../replay-run/target/pair-endpoints.ts';
import type { ConnectionMode } from '../../transports/connect/connection-mode.ts';
import { CACHE_LOAD, type CacheLoad } from '../../workload/clients/cache-load.ts';
import type { ClientPace } from '../../workload/clients/client-pace.ts';
import {
  type ClientScenario,
  type ClientsLoad,
  clientPace,
  thinkOf,
  USUAL_THINK,
} from '../../workload/clients/client-scenario.ts';
import type { FoundClients } from '../../workload/clients/find-load.ts';
import { parseRatio } from '../flags/flag-parsers.ts';
import { parseDuration } from '../flags/parse-duration.ts';
import { parseSize } from '../flags/parse-size.ts';
import { parseAtLeastOne } from '../flags/replay-values.ts';
import { targetFlagsOf } from '../flags/target-flags.ts';
import { readText, type TlsFlags, tlsOf } from '../flags/tls-flags.ts';
import { type WatchFlags, watchOf } from '../flags/watch-flags.ts';
import { playAndReport, type ReportFlags } from './play-and-report.ts';

/** The flags of `run` for clients, as commander hands them over. */
export interface ClientsFlags extends TlsFlags, WatchFlags, Omit<ReportFlags, 'skipDamaged'> {
  clients: number;
  duration: number;
  requests?: number;
  hitRate: number;
  think?: string;
  rampUp?: number;
  targetRate?: number;
  putShare: number;
  artifacts: number;
  artifactSize: number;
  seed: number;
  header?: string[];
  countByHeader?: string;
  timeout?: number;
  connections: ConnectionMode;
  senders?: number;
  waitForTarget?: number;
}

/** Adds the flags that are for clients, and not for a scenario. */
export function withClientFlags(command: Command): Command {
  const { clients, requests, hitRate, putShare, artifacts } = CACHE_LOAD;
  return command
    .option(
      '--clients <count>',
      'clients that wait for their answers: of a build cache, or such as send a scenario',
      parseAtLeastOne,
      clients,
    )
    .option(
      '--requests <count>',
      `operations of each client (default: ${requests}; with --target-rate as many as there is time for)`,
      parseAtLeastOne,
    )
    .option('--hit-rate <ratio>', 'share of the lookups that are to hit', parseRatio, hitRate)
    .option(
      '--think <spec>',
      `pause of a client between an answer and its next operation: 10ms, 2 (s), exp:10ms and the other distributions of dev-server --latency, or spread: as --requests fill --duration (default: ${USUAL_THINK})`,
    )
    .option(
      '--ramp-up <time>',
      'the last client begins so much later than the first: 10 (s) (default: 0)',
      parseDuration,
    )
    .option('--put-share <ratio>', 'share of operations that store something', parseRatio, putShare)
    .option('--artifacts <count>', 'how many different ones are stored at most', parseAtLeastOne, artifacts)
    .addOption(
      new Option(
        '--artifact-size <size>',
        'mean of their sizes, which are half to one and a half times it, in bytes',
      )
        .argParser(parseSize)
        .default(CACHE_LOAD.artifactBytes, '16KiB'),
    );
}

/** What is not given by a flag is as the scenario has it; a rate has no pauses, and as many operations as there is time for. */
export function asClientsOf(
  flags: ClientsFlags,
  scenario: ClientScenario,
  isGiven: (attribute: string) => boolean,
): ClientsFlags {
  const { durationNs: duration, artifactBytes: artifactSize, requests, ...others } = scenario.load;
  const { rampUpNs: rampUp } = scenario.pace;
  const paced = isGiven('targetRate') ? {} : { requests, think: thinkOf(scenario), rampUp };
  const given = Object.entries(flags).filter(([attribute]) => isGiven(attribute));
  return { ...flags, ...others, duration, artifactSize, ...paced, ...Object.fromEntries(given) };
}

/** Load by clients of a build cache, or their traffic at a rate. */
export async function runClients(flags: ClientsFlags, command: Command, found?: FoundClients): Promise<void> {
  refuseSameFile(
    [{ flag: '--scenario', path: found?.file }],
    [
      { flag: '--output', path: flags.output },
      { flag: '--replay-log', path: flags.replayLog },
      { flag: '--hlog', path: flags.hlog },
    ],
  );
  // A build cache speaks HTTP alone, and the command that is named would be refused with a gRPC target.
  const targetFlags = targetFlagsOf(command, { endpoint: flags.endpoint });
  const { limits = {} } = found?.clients ?? {};
  const run = clientsRun({ ...clientsOf(flags), limits }, { targetFlags, senders: flags.senders });
  await playAndReport({ ...targetOf(flags), watch: await watchOf(flags), ...run }, flags);
}

/** How clients of a load take their time, by their flags. */
export function paceOf(
  { think = USUAL_THINK, rampUp = 0 }: Pick<ClientsFlags, 'think' | 'rampUp'>,
  load: Pick<CacheLoad, 'durationNs' | 'requests'>,
): ClientPace {
  return clientPace(think, rampUp, '--think', load);
}

function clientsOf(flags: ClientsFlags): Pick<ClientsLoad, 'load' | 'pace'> {
  const { targetRate, requests } = flags;
  if (targetRate === undefined) {
    const load = loadOf(flags, requests ?? CACHE_LOAD.requests);
    return { load, pace: paceOf(flags, load) };
  }
  const flag = flags.think === undefined ? (flags.rampUp === undefined ? undefined : '--ramp-up') : '--think';
  if (flag !== undefined) {
    throw new EngramTraceError('usage', `${flag} is for clients that wait for their answers`, {
      hint: 'leave it out, or --target-rate',
    });
  }
  return { load: loadOf(flags, requests ?? Infinity), pace: { ratePerSec: targetRate } };
}

function loadOf(flags: ClientsFlags, requests: number): CacheLoad {
  const { clients, duration, hitRate, putShare, artifacts, artifactSize, seed } = flags;
  const load = { clients, durationNs: duration, requests, hitRate, putShare, artifacts, seed };
  return { ...load, artifactBytes: artifactSize };
}

function targetOf(flags: ClientsFlags): Omit<RunOptions, 'trace'> {
  const { endpoint, header = [], countByHeader, connections, timeout, waitForTarget = 0 } = flags;
  return {
    ...pairEndpoints({ http: endpoint, grpc: [] }),
    headers: parseHeaderOverrides(header, (path) => readText('--header', path, 'latin1')),
    tls: tlsOf({ ...flags, grpcEndpoint: [] }),
    countByHeader,
    connections,
    waitForTargetMs: waitForTarget / 1e6,
    replay: timeout === undefined ? {} : { timeoutNs: timeout },
  };
}

import { EngramTraceError } from '../../error.ts';
import { emptyHeader, emptyLoss, type TraceRecord } from '../../trace/record/record.ts';
import type { PlanHints } from '../../trace/stats/plan-hints.ts';
import type { Trace } from '../../trace/trace.ts';
import { TOOL } from '../../version.ts';
import { SeededStream } from '../streams/seeded-stream.ts';
import { CacheArtifacts } from './cache-artifacts.ts';
import { CacheClient } from './cache-client.ts';

/** The traffic of a build cache, without a recording: how many clients, for how long, and what they do. */
export interface CacheLoad {
  readonly clients: number;
  readonly durationNs: number;
  /** Operations of each client; `Infinity`: as many as there is time for. */
  readonly requests: number;
  readonly hitRate: number;
  readonly putShare: number;
  /** How many artifacts there are, and their mean size. */
  readonly artifacts: number;
  readonly artifactBytes: number;
  readonly seed: number;
}

/** As the scalability guide has it, where nobody says otherwise. */
export const CACHE_LOAD: CacheLoad = {
  clients: 10,
  durationNs: 60e9,
  requests: 100,
  hitRate: 0.75,
  putShare: 0.1,
  artifacts: 1000,
  artifactBytes: 16 * 1024,
  seed: 1,
};

/** More would be more connections than a process can have. */
export const MOST_CLIENTS = 50_000;
/** What was never recorded begins with the year 2000, whenever it is made. */
const EPOCH_UNIX_NS = 946_684_800_000_000_000n;

/** An artifact is one buffer, made and hashed at once: a larger one would hold all clients up for seconds. */
export const MOST_ARTIFACT_BYTES = 64 * 2 ** 20;

/** Throws `usage` for a load that makes no sense. */
export function checkCacheLoad({ clients, hitRate, putShare, artifacts, artifactBytes }: CacheLoad): void {
  const refuse = (what: string): never => {
    throw new EngramTraceError('usage', what);
  };
  if (!(clients >= 1 && clients <= MOST_CLIENTS)) refuse(`clients: 1 to ${MOST_CLIENTS}, not ${clients}`);
  if (!(hitRate >= 0 && hitRate <= 1)) refuse(`hit rate: ${hitRate} does not lie in 0 to 1`);
  if (!(putShare >= 0 && putShare <= 1)) refuse(`put share: ${putShare} does not lie in 0 to 1`);
  if (!(artifacts >= 1)) refuse('a cache load needs an artifact');
  if (!(artifactBytes >= 1 && artifactBytes <= MOST_ARTIFACT_BYTES))
    refuse(`artifact size: 1 byte to 64 MiB, not ${artifactBytes} bytes`);
}

/** The clients of a load, new, and how their artifacts are made before they are needed. */
export interface CacheClients {
  readonly clients: CacheClient[];
  /** Makes the artifacts that these clients store with their `from`-th to `to`-th PUT, counted from 0. */
  prepare(own?: readonly number[], from?: number, to?: number): Promise<void>;
}

/** Makes the clients of a load. */
export function cacheClients(load: CacheLoad): CacheClients {
  const { clients, hitRate, putShare, seed } = load;
  const artifacts = new CacheArtifacts(seed, load.artifacts, load.artifactBytes);
  const traffic = { clients, hitRate, putShare, artifacts, choices: new SeededStream(seed, 'looked up') };
  const all = Array.from({ length: clients }, (_, number) => number);
  return {
    clients: all.map((number) => new CacheClient(traffic, number)),
    prepare: (own = all, from = 0, to = putsOf(load)) => artifacts.prepare(numbersOf(own, clients, from, to)),
  };
}

/** About how many artifacts a client stores; where nothing says how long it goes on, the first. */
function putsOf({ requests, putShare }: CacheLoad): number {
  const puts = 1 + Math.ceil((requests - 1) * putShare);
  return Number.isNaN(puts) ? 1 : puts;
}

/** Numbers of artifacts, in the order in which they are needed. */
function* numbersOf(own: readonly number[], clients: number, from: number, to: number): Generator<number> {
  for (let put = from; put < to; put++) for (const number of own) yield number + clients * put;
}

/** A trace of records that are made while they are read. */
export function madeTrace(
  format: string,
  hints: PlanHints,
  records: () => AsyncIterable<TraceRecord[]>,
): Trace {
  return {
    name: 'cache workload',
    format,
    header: {
      ...emptyHeader(),
      epochUnixNs: EPOCH_UNIX_NS,
      tool: TOOL,
      source: 'generate',
      dialect: 'memobuild',
    },
    index: undefined,
    hints: { protocols: ['http'], ...hints },
    seekable: true,
    warnings: [],
    loss: emptyLoss(),
    records,
    close: () => Promise.resolve(),
  };
}

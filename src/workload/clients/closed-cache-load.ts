import type { Operation } from '../../replay/ports.ts';
import type { ClosedLoop, ClosedLoopOutcome } from '../../replay-run/options/closed-loop.ts';
import { sampleTimeNs, type TimeDistribution } from '../../time-distribution.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import type { Trace } from '../../trace/trace.ts';
import { SeededStream } from '../streams/seeded-stream.ts';
import { CACHE_LOAD, type CacheLoad, cacheClients, checkCacheLoad, madeTrace } from './cache-load.ts';

/** How the clients of a closed loop take their time. */
export interface ClientPace {
  /** The pause between an answer and the next operation. */
  readonly think: TimeDistribution;
  /** The same as it was written, for the document. */
  readonly thinkText: string;
  /** The last client begins so much later than the first, the others evenly between them. */
  readonly rampUpNs: number;
}

/** A hit rate further off than this was not the one that was asked for (the guide's criterion). */
const HIT_RATE_TOLERANCE = 0.05;

/** Clients that wait for their answers: the first operation of each as a trace, and what follows on answers. */
export function closedCacheLoad(load: CacheLoad, pace: ClientPace): { trace: Trace; closedLoop: ClosedLoop } {
  checkCacheLoad(load);
  const { clients, prepare } = cacheClients(load);
  const pauses = new SeededStream(load.seed, 'pauses');
  async function* firstOperations(): AsyncGenerator<TraceRecord[]> {
    await prepare();
    yield clients.map((client, number) => ({
      ...client.next(),
      startNs: Math.round((number * pace.rampUpNs) / load.clients),
    }));
  }
  const next: ClosedLoop['next'] = (number, { outcome }: Operation) => {
    const client = clients[number];
    if (client === undefined) return undefined;
    client.answered(outcome?.ok === true);
    if (client.operations >= load.requests) return undefined;
    // Two draws for each pause.
    const draw = 2 * client.operations;
    const pauseNs = sampleTimeNs(pace.think, (which) => pauses.uniform(number, draw + which));
    return { record: client.next(), pauseNs };
  };
  const closedLoop: ClosedLoop = {
    clients: load.clients,
    durationNs: load.durationNs,
    seed: load.seed,
    shown: shownOptions(load, pace),
    next,
    notesOf: (outcome) => [openLoopNote(load, outcome)],
    warningsOf: (outcome) => hitRateWarnings(load, outcome),
  };
  return { trace: madeTrace('clients', { sessions: load.clients }, firstOperations), closedLoop };
}

function shownOptions(load: CacheLoad, { thinkText, rampUpNs }: ClientPace): ClosedLoop['shown'] {
  const { clients, durationNs, requests, hitRate, putShare, artifacts, artifactBytes } = load;
  return {
    clients,
    duration_secs: durationNs / 1e9,
    requests: Number.isFinite(requests) ? requests : null,
    hit_rate: hitRate,
    put_share: putShare,
    artifacts,
    artifact_bytes: artifactBytes,
    think: thinkText,
    ramp_up_secs: rampUpNs / 1e9,
  };
}

function openLoopNote(load: CacheLoad, { sentPerSec }: ClosedLoopOutcome): string {
  const { clients, durationNs, hitRate, seed } = load;
  const words = `${clients} ${clients === 1 ? 'client' : 'clients'} waited for their answers: where the server was slow, less was asked of it, and no time counts from when an operation would have been due`;
  if (sentPerSec === null) return words;
  const rate = Number(sentPerSec.toPrecision(3));
  return `${words}. The same mean rate whatever the server does: engram-trace run --target-rate ${rate} --clients ${clients} --duration ${durationNs / 1e9} --hit-rate ${hitRate}${artifactFlags(load)} --seed ${seed}`;
}

/** What the load has otherwise than without flags: the open loop is to store the same. */
function artifactFlags({ putShare, artifacts, artifactBytes }: CacheLoad): string {
  const flags = [
    ['--put-share', putShare, CACHE_LOAD.putShare],
    ['--artifacts', artifacts, CACHE_LOAD.artifacts],
    ['--artifact-size', artifactBytes, CACHE_LOAD.artifactBytes],
  ] as const;
  return flags.map(([flag, value, usual]) => (value === usual ? '' : ` ${flag} ${value}`)).join('');
}

function hitRateWarnings({ hitRate }: CacheLoad, { cacheHits, cacheMisses }: ClosedLoopOutcome): string[] {
  const lookups = (cacheHits ?? 0) + (cacheMisses ?? 0);
  if (lookups === 0) return [];
  const observed = (cacheHits ?? 0) / lookups;
  if (Math.abs(observed - hitRate) <= HIT_RATE_TOLERANCE) return [];
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return [
    `${percent(observed)} of the lookups hit, and ${percent(hitRate)} were asked for: does the server keep what is stored, and has it room for it?`,
  ];
}

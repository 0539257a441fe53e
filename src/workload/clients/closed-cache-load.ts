import type { ClosedLoop, ClosedLoopOutcome } from '../../replay-run/options/closed-loop.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import type { Trace } from '../../trace/trace.ts';
import { CACHE_LOAD, type CacheLoad, cacheClients, checkCacheLoad, madeTrace } from './cache-load.ts';
import { type CacheScriptData, openCacheScript } from './cache-script.ts';
import { beginNs, type ClientPace, mostPerSec, rampUpWarnings } from './client-pace.ts';
import { openLoopNote } from './open-loop-note.ts';

/** Clients, ready to be played: the first operation of each as a trace, and what follows on answers. */
export interface ClosedLoad {
  readonly trace: Trace;
  readonly closedLoop: ClosedLoop;
}

/** A hit rate further off than this was not the one that was asked for (the guide's criterion). */
const HIT_RATE_TOLERANCE = 0.05;

const SCRIPT = new URL('./cache-script.js', import.meta.url).href;

/**
 * Clients of a build cache that wait for their answers. `targetFlags` go to the end of the command that the notes name,
 * such as ` --endpoint http://cache:7432`.
 */
export function closedCacheLoad(load: CacheLoad, pace: ClientPace, targetFlags = ''): ClosedLoad {
  checkCacheLoad(load);
  async function* firstOperations(): AsyncGenerator<TraceRecord[]> {
    const { clients, prepare } = cacheClients(load);
    await prepare(undefined, 0, 1);
    yield clients.map((client, number) => ({
      ...client.next(),
      startNs: beginNs(pace, number, load.clients),
    }));
  }
  const closedLoop: ClosedLoop = {
    clients: load.clients,
    durationNs: load.durationNs,
    script: { module: SCRIPT, opener: openCacheScript.name, data: { load, pace } satisfies CacheScriptData },
    mostPerSec: mostPerSec(pace, load.clients),
    seed: load.seed,
    shown: shownOptions(load, pace),
    notesOf: ({ sentPerSec }) => {
      const commandAt = (rate: number): string => `${openLoopCommand(load, rate)}${targetFlags}`;
      return [openLoopNote({ clients: load.clients, sentPerSec, commandAt })];
    },
    warningsOf: (outcome) => [
      ...rampUpWarnings(pace, load.clients, load.durationNs),
      ...hitRateWarnings(load, outcome),
    ],
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

function openLoopCommand(load: CacheLoad, rate: number): string {
  const { clients, durationNs, hitRate, seed } = load;
  return `engram-trace run --target-rate ${rate} --clients ${clients} --duration ${durationNs / 1e9} --hit-rate ${hitRate}${artifactFlags(load)} --seed ${seed}`;
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

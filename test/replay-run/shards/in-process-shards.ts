import type { ReplayEnd } from '../../../src/replay/engine/replay-end.ts';
import { shardOf } from '../../../src/replay/plan/shard-of.ts';
import type { Clock, Disposition, Transport } from '../../../src/replay/ports.ts';
import { type ReplayOptions, replayOptions } from '../../../src/replay/replay-options.ts';
import { blockOf } from '../../../src/replay-log/log-block.ts';
import { DISPOSITIONS } from '../../../src/replay-log/names.ts';
import { createLazyTransports } from '../../../src/replay-run/connect/lazy-transports.ts';
import { type ClosedLoop, openScriptOf } from '../../../src/replay-run/options/closed-loop.ts';
import type {
  FromShard,
  OpenShard,
  ShardListener,
  ToShard,
} from '../../../src/replay-run/shards/messages.ts';
import { replayByShards } from '../../../src/replay-run/shards/replay-by-shards.ts';
import { startShard } from '../../../src/replay-run/shards/shard.ts';
import { ShardPool } from '../../../src/replay-run/shards/shard-pool.ts';
import type { ShardedLog } from '../../../src/replay-run/shards/sharded-replay-deps.ts';
import { createWholeRecorder } from '../../../src/replay-run/shards/whole-recorder.ts';
import { UNKNOWN_HEALTH } from '../../../src/results/health/generator-health.ts';
import type { RecorderOptions, ResultsRecorder } from '../../../src/results/tally/results-recorder.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import { placedBatches } from '../../support/placed-batches.ts';
import { createScriptedTransport, type Fate, inBatches, MS, SECOND } from '../../support/replay-harness.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

/** Messages between "threads" are copied, and arrive later, in order. */
const LATENCY_NS = 0.1 * MS;

/** Clients that some shards play together. */
export interface SharedClients extends Pick<ClosedLoop, 'script' | 'durationNs'> {
  shards: number;
}

export interface InProcess {
  open: OpenShard;
  /** The shard is gone from now on; what it had posted arrives before the news. */
  die(number: number, why: string): void;
  /** Nothing it says is heard any more, and it hears nothing. */
  muffle(number: number): void;
}

/** Shards without threads, on one (virtual) clock. */
export function inProcessShards(
  clock: Clock,
  transportOf: (number: number) => Transport,
  tally: RecorderOptions,
  clients?: SharedClients,
): InProcess {
  const dead = new Set<number>();
  const listeners: ShardListener[] = [];
  const later = (work: () => void): void => void clock.at(clock.nowNs() + LATENCY_NS, work);
  const die = (number: number, why: string): void => {
    if (dead.has(number)) return;
    dead.add(number);
    later(() => listeners[number]?.gone(why));
  };
  const open: OpenShard = (number, options, listener) => {
    listeners[number] = listener;
    const transport = transportOf(number);
    const hear = startShard({
      number,
      options,
      tally,
      isLogged: true,
      clients: clients && {
        shards: clients.shards,
        openScript: () =>
          openScriptOf(clients.script, (session) => shardOf(session, clients.shards) === number),
      },
      clock,
      transports: createLazyTransports({ http: async () => transport, grpc: async () => transport }),
      startHealth: () => ({ stop: () => UNKNOWN_HEALTH }),
      tell: (message) => {
        if (dead.has(number)) return;
        const copy = structuredClone(message) as FromShard;
        later(() => listener.message(copy));
      },
      leave: () => die(number, 'left'),
    });
    return {
      post: (message) => {
        const copy = structuredClone(message) as ToShard;
        later(() => void (dead.has(number) || hear(copy)));
      },
      terminate: async () => die(number, 'terminated'),
    };
  };
  return { open, die, muffle: (number) => void dead.add(number) };
}

export interface SharedPlay {
  end: ReplayEnd;
  recorder: ResultsRecorder;
  /** What each shard sent. */
  sends: { record: TraceRecord; atNs: number }[][];
  mostOpen: number[];
}

export interface SharedPlayOptions extends Partial<ReplayOptions> {
  shards: number;
  fateOf?: (record: TraceRecord) => Fate;
  /** It is known where the records stand in blocks. */
  placed?: boolean;
  batches?: (clock: VirtualClock) => AsyncIterable<TraceRecord[]>;
  openStarts?: (clock: VirtualClock) => AsyncIterable<TraceRecord[]>;
  tally?: RecorderOptions;
  /** Plays a closed loop: the records are the first ones of its clients. */
  clients?: Pick<ClosedLoop, 'script' | 'durationNs'>;
  /** Hears of each row that is written for an operation. */
  onRow?: (number: number, disposition: Disposition) => void;
  meanwhile?: (clock: VirtualClock, shards: InProcess, pool: ShardPool) => void;
}

/** Plays records by several shards on a virtual clock to the end; one that is open after a virtual day is a failed test. */
export async function playShared(records: TraceRecord[], given: SharedPlayOptions): Promise<SharedPlay> {
  const {
    shards,
    fateOf = () => ({ kind: 'at_once', ok: true }),
    placed = false,
    batches,
    openStarts,
    tally = { timeScale: 1 },
    onRow = () => {},
    meanwhile,
    clients,
    ...rest
  } = given;
  const clock = createVirtualClock(1e12);
  const transports = Array.from({ length: shards }, () => createScriptedTransport(clock, fateOf));
  const inProcess = inProcessShards(
    clock,
    (number) => transports[number] as Transport,
    tally,
    clients && { ...clients, shards },
  );
  const options = replayOptions(rest);
  const pool = new ShardPool(options, shards, inProcess.open);
  await pool.prepare(['http', 'grpc']);
  const whole = () => (placed ? placedBatches(records, 7) : inBatches(records, 7));
  const source = batches === undefined ? whole : () => batches(clock);
  const recorder = createWholeRecorder(tally, shards);
  const ending = replayByShards(
    source,
    options,
    { clock, recorder, log: rowsTo(onRow), clients, openStarts: openStarts && (() => openStarts(clock)) },
    pool,
  );
  meanwhile?.(clock, inProcess, pool);
  const end = await clock.runUntil(ending, 1e12 + 86_400 * SECOND);
  const closing = pool.close();
  await clock.advance(clock.nowNs() + SECOND);
  await closing;
  return {
    end,
    recorder: recorder.results,
    sends: transports.map(({ sends }) => sends),
    mostOpen: transports.map(({ mostOpen }) => mostOpen),
  };
}

function rowsTo(onRow: (number: number, disposition: Disposition) => void): ShardedLog {
  return {
    append: (message, written) => {
      const { count, columns } = blockOf(message);
      for (let i = 0; i < count; i++) {
        onRow(columns.number[i] as number, DISPOSITIONS[columns.disposition[i] as number] as Disposition);
      }
      written(message.memory);
    },
    lost: { onLost: ({ number }, disposition) => onRow(number, disposition) },
  };
}

import { EngramTraceError } from '../error.ts';
import { replay } from '../replay/engine/engine.ts';
import type { ReplayEnd } from '../replay/engine/replay-end.ts';
import type { OpenSource } from '../replay/plan/plan-reader.ts';
import type { ReplayOptions } from '../replay/replay-options.ts';
import type { GeneratorHealth } from '../results/generator-health.ts';
import { mergeHealth } from '../results/merge-health.ts';
import type { ConnectionMode } from '../transports/connection-mode.ts';
import { createTransports, type TransportSettings } from './connect/create-transports.ts';
import type { LazyTransports } from './connect/lazy-transports.ts';
import { replayBySenders, type SharedReplayDeps } from './senders/replay-by-senders.ts';
import { SenderPool } from './senders/sender-pool.ts';
import type { SenderThreads } from './senders/sender-threads.ts';
import { partOf } from './senders/share.ts';
import { sumAddressUse } from './target/target-address-use.ts';
import { hasTargetIn } from './target/targets.ts';
import { collectGarbage } from './warm-up/collect-garbage.ts';

/** Plays a plan: in this thread, or by several that send. */
export interface Player extends Pick<LazyTransports, 'prepare' | 'warmUp' | 'addressUse' | 'close'> {
  play(openSource: OpenSource, options: ReplayOptions, deps: SharedReplayDeps): Promise<ReplayEnd>;
  /** The health of all threads that send, where `whole` is that of this thread and the process. */
  health(whole: GeneratorHealth): GeneratorHealth;
}

/** Everything in this thread: nothing crosses from one to another. */
export function createLocalPlayer(settings: TransportSettings, clock: SharedReplayDeps['clock']): Player {
  const transports = createTransports(settings, clock);
  return {
    prepare: transports.prepare,
    warmUp: transports.warmUp,
    addressUse: transports.addressUse,
    close: transports.close,
    play: (openSource, options, deps) =>
      replay(openSource, options, {
        ...deps,
        transportFor: ({ protocol }) => transports.for(protocol),
        onHeadStart: collectGarbage,
      }),
    health: (whole) => whole,
  };
}

/** Reads the plan in this thread and sends from `senders` others, opened at once. */
export function createThreadedPlayer(
  settings: TransportSettings,
  options: ReplayOptions,
  senders: number,
  threads: SenderThreads,
): Player {
  const open = threads.open((number) => settingsOf(settings, number, senders));
  const pool = new SenderPool(options, senders, open);
  return {
    prepare: (protocols) => pool.prepare(protocols),
    warmUp: (timeoutMs, sessions) => pool.warmUp(timeoutMs, sessions),
    addressUse: () => sumAddressUse(pool.addressUse),
    close: () => pool.close(),
    play: (openSource, given, deps) =>
      replayBySenders(openSource, given, { ...deps, hasTarget: hasTargetIn(settings) }, pool),
    health: (whole) => mergeHealth(whole, pool.health),
  };
}

/** Sender `number` has its share of the connections of all, and begins with an address of its own. */
function settingsOf(settings: TransportSettings, number: number, senders: number): TransportSettings {
  const { connections, mostConnections } = settings;
  const part = (total: number): number => Math.max(1, partOf(total, number, senders));
  return {
    ...settings,
    firstAddress: number,
    connections: typeof connections === 'number' ? part(connections) : connections,
    mostConnections: mostConnections === undefined ? undefined : part(mostConnections),
  };
}

/**
 * How many threads send: as many as are asked for, but no more than may have an operation in flight, or a connection.
 * `usage` for more than one with `--behind stretch`, which moves the plan of all by the lateness of one.
 */
export function senderCount(
  senders: number | undefined,
  { maxInFlight, behind }: ReplayOptions,
  connections: ConnectionMode | undefined,
): number {
  const count = Math.min(senders ?? 1, maxInFlight, typeof connections === 'number' ? connections : Infinity);
  if (count > 1 && behind === 'stretch') {
    throw new EngramTraceError(
      'usage',
      `--behind stretch moves the whole plan, which ${count} senders can't`,
      {
        hint: 'add --senders 1',
      },
    );
  }
  return count;
}

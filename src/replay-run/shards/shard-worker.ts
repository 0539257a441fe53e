import { parentPort, workerData } from 'node:worker_threads';
import { createRealClock } from '../../replay/clock/real-clock.ts';
import { shardOf } from '../../replay/plan/shard-of.ts';
import { startHealthProbe } from '../../results/health/generator-health.ts';
import { createTransports, type TransportSettings } from '../connect/create-transports.ts';
import { openScriptOf, type PortableScript } from '../options/closed-loop.ts';
import { type TallyFacts, tallyOptionsOf } from '../options/tally-options.ts';
import { collectGarbage } from '../warm-up/collect-garbage.ts';
import type { FromShard, ShardOptions, ToShard } from './messages.ts';
import { startShard } from './shard.ts';
import { clockOriginNs, shiftedClock } from './shifted-clock.ts';

/** What a shard in a thread starts with. */
export interface ShardWork {
  readonly options: ShardOptions;
  readonly transports: TransportSettings;
  /** From 0. */
  readonly number: number;
  readonly tally: TallyFacts;
  /** The run has a replay log. */
  readonly isLogged: boolean;
  /** What clients do, of whom so many shards have some each. */
  readonly clients?: { readonly script: PortableScript; readonly shards: number } | undefined;
  /** Where, in ns of `process.hrtime`, the clock of the thread that reads the plan shows 0. */
  readonly clockOriginNs: number;
}

/** What the thread is told: what its shard is told, or to be another shard after that has left. */
export type ToThread = ToShard | { readonly kind: 'again'; readonly work: ShardWork };

/** What it tells; `left` is the last thing of each shard. */
export type FromThread = FromShard | { readonly kind: 'left' };

// Entry point of a thread that sends.

const port = parentPort;
if (port === null) throw new Error('shard-worker runs in a worker thread');
const first = workerData as ShardWork;
const own = createRealClock({ precision: first.options.precision });
const clock = shiftedClock(own, clockOriginNs(own) - first.clockOriginNs);

let hear = start(first);

port.on('message', (message: ToThread) => {
  if (message.kind === 'again') hear = start(message.work);
  else hear(message);
});

function start({
  number,
  options,
  transports,
  tally,
  isLogged,
  clients,
}: ShardWork): (message: ToShard) => void {
  return startShard({
    number,
    options,
    clock,
    tally: tallyOptionsOf(tally, transports.headers),
    isLogged,
    clients: clients && {
      shards: clients.shards,
      openScript: () =>
        openScriptOf(clients.script, (session) => shardOf(session, clients.shards) === number),
    },
    transports: createTransports(transports, clock),
    tidyUp: collectGarbage,
    startHealth: () => startHealthProbe({}),
    tell,
    leave: () => tell({ kind: 'left' }),
  });
}

function tell(message: FromThread): void {
  port?.postMessage(message, handedOver(message));
}

function handedOver(message: FromThread): ArrayBuffer[] {
  return message.kind === 'news' ? message.news.log.map(({ memory }) => memory) : [];
}

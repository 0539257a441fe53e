import { replay } from '../../replay/engine/engine.ts';
import type { ReplayEnd } from '../../replay/engine/replay-end.ts';
import { ClientLoop, type ClientScript } from '../../replay/plan/client-loop.ts';
import type { Clock, Disposition, Operation, ReplayObserver } from '../../replay/ports.ts';
import { InFlight } from '../../replay/release/in-flight.ts';
import { teeObserver } from '../../replay-log/tee-observer.ts';
import {
  type GeneratorHealth,
  type HealthProbe,
  UNKNOWN_HEALTH,
} from '../../results/health/generator-health.ts';
import type { RecorderOptions } from '../../results/tally/results-recorder.ts';
import type { LazyTransports } from '../connect/lazy-transports.ts';
import type { FirstSessions } from '../source/first-sessions.ts';
import { BatchFeed } from './batch-feed.ts';
import type { FromShard, ShardOptions, ToShard } from './messages.ts';
import { NewsDesk } from './shard-news.ts';

export interface ShardDeps {
  /** From 0. */
  number: number;
  options: ShardOptions;
  /** The clock all shards share. */
  clock: Clock;
  transports: LazyTransports;
  tally: RecorderOptions;
  /** The run has a replay log. */
  isLogged: boolean;
  /** What it is given are the first operations of clients, of whom so many shards have some each. */
  clients?: { readonly shards: number; openScript(): Promise<ClientScript> } | undefined;
  /** Called before the first operation is due. */
  tidyUp?(): void;
  startHealth(): HealthProbe;
  tell(message: FromShard): void;
  /** The last thing: nothing is left open. */
  leave(): void;
}

/** Operations due sooner are read before anything else. */
const URGENT_NS = 50e6;
/** Nobody is told of what happened later than that. */
export const TELL_EVERY_NS = 100e6;

/** Plays some of the sessions of a plan, as told by messages, and tells what happens. Returns what takes the messages. */
export function startShard(deps: ShardDeps): (message: ToShard) => void {
  const shard = new Shard(deps);
  return (message) => shard.hear(message);
}

class Shard implements ReplayObserver {
  readonly #deps: ShardDeps;
  readonly #feed: BatchFeed;
  readonly #news: NewsDesk;
  readonly #inFlight = new InFlight();
  readonly #stop = new AbortController();
  /** Transports made one after the other, each message's work behind that of the one before. */
  #prepared: Promise<void> = Promise.resolve();
  #anchorNs = 0;
  #loop: ClientLoop | undefined;
  #hasToldStop = false;
  #isLeaving = false;
  #cancelTelling: () => void = () => {};

  constructor(deps: ShardDeps) {
    this.#deps = deps;
    this.#feed = new BatchFeed(
      () => this.#tell({ kind: 'taken' }),
      (dueNs) => this.#anchorNs + dueNs - deps.clock.nowNs() < URGENT_NS,
    );
    this.#news = new NewsDesk(deps.tally, deps.number, deps.isLogged);
    if (deps.clients !== undefined) this.#prepare(() => this.#openLoop(deps));
    this.#tellSoon();
  }

  hear(message: ToShard): void {
    switch (message.kind) {
      case 'batch':
        this.#feed.push(message.batch);
        break;
      case 'memory':
        this.#news.recycle(message.memory);
        break;
      case 'prepare':
        this.#prepare(() => this.#deps.transports.prepare(message.protocols));
        this.#feed.push(this.#prepared);
        break;
      case 'warm_up':
        this.#prepare(() => this.#warmUp(message.timeoutMs, message.sessions));
        break;
      case 'start':
        void this.#play(message.anchorNs);
        break;
      case 'end':
        this.#feed.end();
        break;
      case 'stop':
        this.#hasToldStop = true;
        this.#stop.abort();
        break;
      case 'close':
        void this.#leave();
        break;
    }
  }

  onStart(anchorNs: number): void {
    this.#news.onStart(anchorNs);
  }

  onSent(operation: Operation, inFlight: number): void {
    this.#news.onSent(operation, inFlight);
  }

  onSettled(operation: Operation, disposition: Disposition, inFlight: number): void {
    this.#news.onSettled(operation, disposition, inFlight);
    if (disposition !== 'unsent' || this.#hasToldStop) return;
    this.#hasToldStop = true;
    this.#tell({ kind: 'stopped' });
  }

  #prepare(work: () => Promise<void>): void {
    this.#prepared = this.#prepared.then(work);
  }

  async #warmUp(timeoutMs: number, sessions: FirstSessions | undefined): Promise<void> {
    const errors = await this.#deps.transports.warmUp(timeoutMs, sessions);
    const plain = errors.map(({ message, where, hint }) => ({ message, where, hint }));
    this.#tell({ kind: 'warm', errors: plain });
  }

  async #openLoop({ clients, number }: ShardDeps): Promise<void> {
    if (clients === undefined) return;
    this.#loop = new ClientLoop(await clients.openScript(), { index: number, of: clients.shards });
  }

  async #play(anchorNs: number): Promise<void> {
    this.#anchorNs = anchorNs;
    const { options, clock, transports, clients } = this.#deps;
    if (clients !== undefined) await this.#prepared;
    const loop = this.#loop;
    this.#deps.tidyUp?.();
    const probe = this.#deps.startHealth();
    const end = await replay(
      noSource,
      { ...options, only: undefined, dangerOf: undefined, signal: this.#stop.signal },
      {
        clock,
        transportFor: (record) => transports.for(record.protocol),
        observer: loop === undefined ? this : teeObserver(this, loop),
        inFlight: this.#inFlight,
        readPlan: (sink) =>
          loop?.reader(sink, (first) => this.#feed.attach(first).run()) ?? this.#feed.attach(sink),
        anchorNs,
      },
    );
    this.#tellEnd(end, probe.stop());
  }

  /** Also when nothing happened: that there was nothing up to now is what the others wait to hear. */
  #tellSoon(): void {
    const { clock } = this.#deps;
    const again = (): void => {
      this.#tellNews(clock.nowNs());
      this.#tellSoon();
    };
    this.#cancelTelling = clock.at(clock.nowNs() + TELL_EVERY_NS, again, true);
  }

  #tellNews(nowNs: number): void {
    this.#tell({ kind: 'news', news: this.#news.take(this.#inFlight.flights, nowNs) });
  }

  #tellEnd(end: ReplayEnd, health: GeneratorHealth = UNKNOWN_HEALTH): void {
    this.#cancelTelling();
    this.#tellNews(Infinity);
    this.#tell({ kind: 'ended', end, health, addressUse: this.#deps.transports.addressUse() });
  }

  /** Nobody hears it from here on, whatever still comes to an end: its thread may be another shard's. */
  async #leave(): Promise<void> {
    this.#isLeaving = true;
    this.#cancelTelling();
    await this.#deps.transports.close();
    this.#deps.leave();
  }

  #tell(message: FromShard): void {
    if (!this.#isLeaving) this.#deps.tell(message);
  }
}

/** The plan comes by messages. */
async function* noSource(): AsyncGenerator<never[]> {}

import { replay } from '../../replay/engine/engine.ts';
import type { ReplayEnd } from '../../replay/engine/replay-end.ts';
import type { Clock, Disposition, Operation, ReplayObserver } from '../../replay/ports.ts';
import type { GeneratorHealth, HealthProbe } from '../../results/generator-health.ts';
import { UNKNOWN_HEALTH } from '../../results/generator-health.ts';
import type { LazyTransports } from '../connect/lazy-transports.ts';
import type { FirstSessions } from '../source/first-sessions.ts';
import { BatchFeed } from './batch-feed.ts';
import type { EventChunk } from './event-columns.ts';
import { EventLog } from './event-log.ts';
import type { FromSender, SenderOptions, ToSender } from './messages.ts';

export interface SenderDeps {
  options: SenderOptions;
  /** The clock all senders share. */
  clock: Clock;
  transports: LazyTransports;
  /** Called before the first operation is due. */
  tidyUp?(): void;
  startHealth(): HealthProbe;
  tell(message: FromSender): void;
  /** The last thing: nothing is left open. */
  leave(): void;
}

/** Operations due sooner are read before anything else. */
const URGENT_NS = 50e6;

/** Plays its share of a plan, as told by messages, and tells what happens. Returns what takes the messages. */
export function startSender(deps: SenderDeps): (message: ToSender) => void {
  const sender = new Sender(deps);
  return (message) => sender.hear(message);
}

class Sender implements ReplayObserver {
  readonly #deps: SenderDeps;
  readonly #feed: BatchFeed;
  readonly #log: EventLog;
  readonly #stop = new AbortController();
  /** Transports made one after the other, each message's work behind that of the one before. */
  #prepared: Promise<void> = Promise.resolve();
  #anchorNs = 0;
  #hasToldStop = false;
  #isLeaving = false;

  constructor(deps: SenderDeps) {
    this.#deps = deps;
    this.#feed = new BatchFeed(
      () => this.#tell({ kind: 'taken' }),
      (dueNs) => this.#anchorNs + dueNs - deps.clock.nowNs() < URGENT_NS,
    );
    this.#log = new EventLog(deps.clock, (chunk: EventChunk) => this.#tell({ kind: 'events', chunk }));
  }

  hear(message: ToSender): void {
    switch (message.kind) {
      case 'batch':
        this.#feed.push(message.batch);
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

  onSent(operation: Operation, inFlight: number): void {
    this.#log.onSent(operation, inFlight);
  }

  onSettled(operation: Operation, disposition: Disposition, inFlight: number): void {
    this.#log.onSettled(operation, disposition, inFlight);
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

  async #play(anchorNs: number): Promise<void> {
    this.#anchorNs = anchorNs;
    const { options, clock, transports } = this.#deps;
    this.#deps.tidyUp?.();
    const probe = this.#deps.startHealth();
    const end = await replay(
      noSource,
      { ...options, only: undefined, dangerOf: undefined, signal: this.#stop.signal },
      {
        clock,
        transportFor: (record) => transports.for(record.protocol),
        observer: this,
        readPlan: (sink) => this.#feed.attach(sink),
        anchorNs,
      },
    );
    this.#tellEnd(end, probe.stop());
  }

  #tellEnd(end: ReplayEnd, health: GeneratorHealth = UNKNOWN_HEALTH): void {
    this.#log.close();
    this.#tell({ kind: 'ended', end, health, addressUse: this.#deps.transports.addressUse() });
  }

  /** Nobody hears it from here on, whatever still comes to an end: its thread may be another sender's. */
  async #leave(): Promise<void> {
    this.#isLeaving = true;
    this.#log.close();
    await this.#deps.transports.close();
    this.#deps.leave();
  }

  #tell(message: FromSender): void {
    if (!this.#isLeaving) this.#deps.tell(message);
  }
}

/** The plan comes by messages. */
async function* noSource(): AsyncGenerator<never[]> {}

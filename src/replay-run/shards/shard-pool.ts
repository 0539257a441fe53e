import { EngramTraceError } from '../../error.ts';
import { shardOf } from '../../replay/plan/shard-of.ts';
import type { ReplayOptions } from '../../replay/replay-options.ts';
import type { GeneratorHealth } from '../../results/health/generator-health.ts';
import type { Protocol } from '../../trace/record/record.ts';
import type { FirstSessions } from '../source/first-sessions.ts';
import type { TargetAddressUse } from '../target/target-address-use.ts';
import type { FromShard, OpenShard, ToShard } from './messages.ts';
import { ShardHandle } from './shard-handle.ts';
import { shareOf } from './share.ts';

/** Hears what the shards tell while a plan is played. */
export interface PoolListener {
  told(shard: ShardHandle, message: FromShard): void;
  /** It is gone before its time. */
  died(shard: ShardHandle, error: EngramTraceError): void;
}

/** A shard that leaves properly does so in this time. */
const LEAVE_MS = 2000;

/** The shards of one replay. */
export class ShardPool {
  readonly shards: ShardHandle[];
  /** Of the shards that ended properly. */
  readonly health: GeneratorHealth[] = [];
  /** Of the same shards. */
  readonly addressUse: (readonly TargetAddressUse[])[] = [];
  readonly #listeners: PoolListener[] = [];
  readonly #deaths: { shard: ShardHandle; error: EngramTraceError }[] = [];
  readonly #prepared = new Set<Protocol>();
  /** Of how many shards of other processes these are one. */
  readonly #within: number | undefined;
  readonly #gone: Promise<void>[];
  #isLeaving = false;

  constructor(options: ReplayOptions, shards: number, open: OpenShard) {
    this.shards = [];
    this.#within = options.shard?.of;
    this.#gone = Array.from({ length: shards }, (_, number) => this.#open(options, number, shards, open));
  }

  /** Also hears of those that died before. */
  listen(listener: PoolListener): void {
    this.#listeners.push(listener);
    for (const { shard, error } of this.#deaths) listener.died(shard, error);
  }

  /** To all that are still there. */
  post(message: ToShard): void {
    for (const shard of this.shards) if (!shard.isOver) shard.link.post(message);
  }

  /** As that of the transports of one thread: operations of these protocols follow. */
  async prepare(protocols: Iterable<Protocol>): Promise<void> {
    const unknown = [...protocols].filter((protocol) => !this.#prepared.has(protocol));
    for (const protocol of unknown) this.#prepared.add(protocol);
    if (unknown.length > 0) this.post({ kind: 'prepare', protocols: unknown });
  }

  /** Opens connections of all shards. What fails is told once, whoever it failed for. */
  async warmUp(timeoutMs: number, sessions?: FirstSessions): Promise<EngramTraceError[]> {
    const failed = new Map<string, EngramTraceError>();
    const warm = this.shards.filter(({ isOver }) => !isOver).map((shard) => this.#warm(shard, failed));
    for (const { isOver, link, number } of this.shards) {
      if (!isOver)
        link.post({ kind: 'warm_up', timeoutMs, sessions: sessions && this.#sessionsOf(sessions, number) });
    }
    await Promise.all(warm);
    return [...failed.values()];
  }

  /** Ends a shard that does not end by itself. */
  kill(shard: ShardHandle, why: string): void {
    this.#died(shard, why);
    void shard.link.terminate();
  }

  /** Resolves when all are gone; who does not leave is thrown out. */
  async close(): Promise<void> {
    this.#isLeaving = true;
    for (const { link } of this.shards) link.post({ kind: 'close' });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LEAVE_MS);
    });
    await Promise.race([Promise.all(this.#gone), late]);
    clearTimeout(timer);
    await Promise.all(this.shards.map(({ link }) => link.terminate()));
  }

  #sessionsOf({ http, grpc }: FirstSessions, number: number): FirstSessions {
    const isIts = (session: string): boolean => shardOf(session, this.shards.length, this.#within) === number;
    return { http: http.filter(isIts), grpc: grpc.filter(isIts) };
  }

  #open(options: ReplayOptions, number: number, shards: number, open: OpenShard): Promise<void> {
    return new Promise((resolve) => {
      const link = open(number, shareOf(options, number, shards), {
        message: (message) => this.#told(shard, message),
        gone: (why) => {
          resolve();
          if (!this.#isLeaving) this.#died(shard, why);
        },
      });
      const shard = new ShardHandle(number, link);
      this.shards.push(shard);
    });
  }

  #told(shard: ShardHandle, message: FromShard): void {
    shard.silentLooks = 0;
    if (shard.isOver) return;
    if (message.kind === 'ended') {
      shard.isOver = true;
      shard.end = message.end;
      this.health.push(message.health);
      this.addressUse.push(message.addressUse);
    }
    for (const listener of this.#listeners) listener.told(shard, message);
  }

  #died(shard: ShardHandle, why: string): void {
    if (shard.isOver) return;
    shard.isOver = true;
    const error = new EngramTraceError('internal', `sender ${shard.number + 1} died: ${why}`);
    this.#deaths.push({ shard, error });
    for (const listener of this.#listeners) listener.died(shard, error);
  }

  /** Resolves when it is warm, or will never say so: it has ended, or died. */
  #warm(shard: ShardHandle, failed: Map<string, EngramTraceError>): Promise<void> {
    return new Promise((resolve) => {
      this.listen({
        told: (told, message) => {
          if (told !== shard || (message.kind !== 'warm' && message.kind !== 'ended')) return;
          const errors = message.kind === 'warm' ? message.errors : [];
          for (const { message: text, where, hint } of errors) {
            failed.set(text, new EngramTraceError('target', text, { where, hint }));
          }
          resolve();
        },
        died: (told) => {
          if (told === shard) resolve();
        },
      });
    });
  }
}

import { EngramTraceError } from '../../error.ts';
import type { ReplayOptions } from '../../replay/replay-options.ts';
import type { GeneratorHealth } from '../../results/generator-health.ts';
import type { Protocol } from '../../trace/record/record.ts';
import type { FirstSessions } from '../source/first-sessions.ts';
import type { TargetAddressUse } from '../target/target-address-use.ts';
import type { FromSender, OpenSender, ToSender } from './messages.ts';
import { SenderLane } from './sender-lane.ts';
import { senderOf, shareOf } from './share.ts';

/** Hears what the senders tell while a plan is played. */
export interface PoolListener {
  told(lane: SenderLane, message: FromSender): void;
  /** It is gone before its time. */
  died(lane: SenderLane, error: EngramTraceError): void;
}

/** A sender that leaves properly does so in this time. */
const LEAVE_MS = 2000;

/** The senders of one replay. */
export class SenderPool {
  readonly lanes: SenderLane[];
  /** Of the senders that ended properly. */
  readonly health: GeneratorHealth[] = [];
  /** Of the same senders. */
  readonly addressUse: (readonly TargetAddressUse[])[] = [];
  readonly #listeners: PoolListener[] = [];
  readonly #deaths: { lane: SenderLane; error: EngramTraceError }[] = [];
  readonly #prepared = new Set<Protocol>();
  readonly #gone: Promise<void>[];
  #isLeaving = false;

  constructor(options: ReplayOptions, senders: number, open: OpenSender) {
    this.lanes = [];
    this.#gone = Array.from({ length: senders }, (_, number) => this.#open(options, number, senders, open));
  }

  /** Also hears of those that died before. */
  listen(listener: PoolListener): void {
    this.#listeners.push(listener);
    for (const { lane, error } of this.#deaths) listener.died(lane, error);
  }

  /** To all that are still there. */
  post(message: ToSender): void {
    for (const lane of this.lanes) if (!lane.isOver) lane.link.post(message);
  }

  /** As that of the transports of one thread: operations of these protocols follow. */
  async prepare(protocols: Iterable<Protocol>): Promise<void> {
    const unknown = [...protocols].filter((protocol) => !this.#prepared.has(protocol));
    for (const protocol of unknown) this.#prepared.add(protocol);
    if (unknown.length > 0) this.post({ kind: 'prepare', protocols: unknown });
  }

  /** Opens connections of all senders. What fails is told once, whoever it failed for. */
  async warmUp(timeoutMs: number, sessions?: FirstSessions): Promise<EngramTraceError[]> {
    const failed = new Map<string, EngramTraceError>();
    const warm = this.lanes.filter(({ isOver }) => !isOver).map((lane) => this.#warm(lane, failed));
    for (const { isOver, link, number } of this.lanes) {
      if (!isOver)
        link.post({ kind: 'warm_up', timeoutMs, sessions: sessions && this.#sessionsOf(sessions, number) });
    }
    await Promise.all(warm);
    return [...failed.values()];
  }

  /** Ends a sender that does not end by itself. */
  kill(lane: SenderLane, why: string): void {
    this.#died(lane, why);
    void lane.link.terminate();
  }

  /** Resolves when all are gone; who does not leave is thrown out. */
  async close(): Promise<void> {
    this.#isLeaving = true;
    for (const { link } of this.lanes) link.post({ kind: 'close' });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LEAVE_MS);
    });
    await Promise.race([Promise.all(this.#gone), late]);
    clearTimeout(timer);
    await Promise.all(this.lanes.map(({ link }) => link.terminate()));
  }

  #sessionsOf({ http, grpc }: FirstSessions, number: number): FirstSessions {
    const isIts = (session: string): boolean => senderOf(session, this.lanes.length) === number;
    return { http: http.filter(isIts), grpc: grpc.filter(isIts) };
  }

  #open(options: ReplayOptions, number: number, senders: number, open: OpenSender): Promise<void> {
    return new Promise((resolve) => {
      const link = open(number, shareOf(options, number, senders), {
        message: (message) => this.#told(lane, message),
        gone: (why) => {
          resolve();
          if (!this.#isLeaving) this.#died(lane, why);
        },
      });
      const lane = new SenderLane(number, link);
      this.lanes.push(lane);
    });
  }

  #told(lane: SenderLane, message: FromSender): void {
    lane.silentLooks = 0;
    if (lane.isOver) return;
    if (message.kind === 'ended') {
      lane.isOver = true;
      lane.end = message.end;
      this.health.push(message.health);
      this.addressUse.push(message.addressUse);
    }
    for (const listener of this.#listeners) listener.told(lane, message);
  }

  #died(lane: SenderLane, why: string): void {
    if (lane.isOver) return;
    lane.isOver = true;
    const error = new EngramTraceError('internal', `sender ${lane.number + 1} died: ${why}`);
    this.#deaths.push({ lane, error });
    for (const listener of this.#listeners) listener.died(lane, error);
  }

  /** Resolves when it is warm, or will never say so: it has ended, or died. */
  #warm(lane: SenderLane, failed: Map<string, EngramTraceError>): Promise<void> {
    return new Promise((resolve) => {
      this.listen({
        told: (told, message) => {
          if (told !== lane || (message.kind !== 'warm' && message.kind !== 'ended')) return;
          const errors = message.kind === 'warm' ? message.errors : [];
          for (const { message: text, where, hint } of errors) {
            failed.set(text, new EngramTraceError('target', text, { where, hint }));
          }
          resolve();
        },
        died: (told) => {
          if (told === lane) resolve();
        },
      });
    });
  }
}

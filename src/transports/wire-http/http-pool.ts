import type { Clock } from '../../replay/ports.ts';
import { GIVEN_UP } from '../answer/given-up.ts';
import { detailOf, httpFailure } from '../answer/http-failure.ts';
import type { ConnectionBudget } from '../connect/connection-budget.ts';
import type { SessionPool } from '../connect/session-pools.ts';
import { SpanTimer } from '../connect/span-timer.ts';
import type { FirstWords } from './first-words.ts';
import { IdleConnections } from './idle-connections.ts';
import { WireConnection, type WireConnectionEvents } from './wire-connection.ts';
import type { WireExchange } from './wire-exchange.ts';
import type { OpenSocket } from './wire-socket.ts';

/** What all pools of a transport share. */
export interface HttpPoolOptions {
  openSocket: OpenSocket;
  /** For the age of idle connections, the waits on busy ones, and the times of the events of endless answers. */
  clock: Pick<Clock, 'nowNs'>;
  /** How long an idle connection is kept. */
  keepAliveMs: number;
  /** Most connections of this pool. */
  mostConnections: number;
  budget: ConnectionBudget;
  /** The name of the header that answers are counted by. */
  countByHeader?: string | undefined;
  firstWords: FirstWords;
}

/**
 * Connections being opened at one time: this many, or a quarter of those there are. More would overflow the target's
 * queue of new connections.
 */
const FEW_OPENING = 8;
/**
 * Turns of an event loop with nothing to do in the time it takes to open a connection. After a stall everything is
 * due at once, answers lie unread, and each connection more takes time from reading them: so only what still waits
 * after so many turns, in which all that has come was read, is worth one.
 */
const TURNS_TO_OPEN = 32;

/** Holds the connections to one target, and what waits for one of them. */
export class HttpPool implements WireConnectionEvents, SessionPool {
  readonly #options: HttpPoolOptions;
  readonly #isBounded: boolean;
  readonly #idle: IdleConnections;
  readonly #all = new Set<WireConnection>();
  /** Being opened for exchanges that wait; any of those takes it. */
  readonly #opening = new Set<WireConnection>();
  readonly #warming = new Map<WireConnection, (error: Error | undefined) => void>();
  /** Have no connection yet, in the order they came. */
  readonly #waiting = new Set<WireExchange>();
  /** Runs while there may be no more and none is being opened: what waits then waits for the operations before it. */
  readonly #atLimit = new SpanTimer();
  /** Connections that became free since the look began that is going on. */
  #freed = 0;
  #turn: NodeJS.Immediate | undefined;
  #isClosed = false;

  constructor(options: HttpPoolOptions) {
    const { keepAliveMs, clock, mostConnections } = options;
    this.#options = options;
    this.#isBounded = mostConnections !== Infinity;
    this.#idle = new IdleConnections(keepAliveMs, clock, (connection) => connection.giveUp());
    this.#noteOpening();
  }

  get size(): number {
    return this.#all.size;
  }

  get isIdle(): boolean {
    return this.#waiting.size === 0 && this.#idle.size === this.#all.size;
  }

  /**
   * Takes a free connection, but not before those that wait for one; it has to be given back, or an exchange begun on
   * it.
   */
  takeIdle(): WireConnection | undefined {
    return this.#waiting.size === 0 && !this.#isClosed ? this.#idle.take() : undefined;
  }

  /** Begins the exchange as soon as there is a connection for it. */
  place(exchange: WireExchange): void {
    const connection = this.takeIdle();
    if (connection !== undefined) {
      connection.begin(exchange);
      return;
    }
    if (this.#isBounded) exchange.heldFromNs = this.#atLimit.at(this.#options.clock.nowNs());
    this.#waiting.add(exchange);
    this.#refill();
  }

  cancel(exchange: WireExchange): void {
    if (exchange.isDone) return;
    const { connection } = exchange;
    if (connection !== undefined) {
      connection.giveUp();
      return;
    }
    this.#waiting.delete(exchange);
    const isConnecting = this.#opening.size + this.#warming.size > 0;
    exchange.end('cancelled', isConnecting ? GIVEN_UP.connecting : GIVEN_UP.waiting, 0);
    this.#giveUpOpening();
  }

  /** Opens so many connections for later, as far as there may be so many; resolves with what went wrong of each. */
  warm(count: number): Promise<(Error | undefined)[]> {
    const missing = Math.max(0, Math.min(count, this.#options.mostConnections) - this.#all.size);
    return Promise.all(Array.from({ length: missing }, () => this.#warmOne()));
  }

  sweep(): void {
    this.#idle.sweep();
  }

  close(): void {
    this.#isClosed = true;
    clearImmediate(this.#turn);
    for (const exchange of [...this.#waiting]) this.cancel(exchange);
    for (const connection of [...this.#all]) {
      connection.giveUp();
      this.#warmed(connection, new Error('the transport is closed'));
    }
  }

  // What connections tell.

  opened(connection: WireConnection): void {
    this.#opening.delete(connection);
    this.#idle.put(connection, this.#options.clock.nowNs());
    this.#warmed(connection, undefined);
    // What was waiting for it begins before time counts as waiting for it to be free.
    this.ended();
    this.#noteOpening();
  }

  notOpened(connection: WireConnection, error: Error): void {
    const isForWaiting = this.#opening.has(connection);
    this.lost(connection);
    this.#warmed(connection, error);
    const [first] = this.#waiting;
    if (!isForWaiting || first === undefined) return;
    this.#waiting.delete(first);
    first.end(httpFailure(error, false), detailOf(error), 0);
    this.#refill();
  }

  freed(connection: WireConnection, nowNs: number): void {
    this.#freed += 1;
    this.#idle.put(connection, nowNs);
  }

  saidFirst(what: string): void {
    this.#options.firstWords.note(what);
  }

  lost(connection: WireConnection): void {
    if (this.#all.delete(connection)) this.#options.budget.give();
    this.#opening.delete(connection);
    this.#idle.remove(connection);
    this.#noteOpening();
  }

  ended(): void {
    if (this.#waiting.size > 0) this.#refill();
  }

  /** Starts those that wait on free connections, and opens more for the others. */
  #refill(): void {
    for (const exchange of this.#waiting) {
      const connection = this.#idle.take();
      if (connection === undefined) break;
      this.#waiting.delete(exchange);
      if (this.#isBounded) exchange.holdUntil(this.#atLimit.at(this.#options.clock.nowNs()));
      connection.begin(exchange);
    }
    // Where none is open yet, nothing can become free.
    if (this.#all.size === this.#opening.size + this.#warming.size) this.#open(this.#waiting.size);
    else if (this.#waiting.size > 0) this.#lookSoon();
    this.#noteOpening();
  }

  /** Opens connections for those that are left waiting, in a while. */
  #lookSoon(): void {
    if (this.#turn !== undefined || this.#isFull) return;
    this.#freed = 0;
    this.#wait(TURNS_TO_OPEN);
  }

  #wait(turns: number): void {
    this.#turn = setImmediate(() => {
      if (turns > 0 && this.#waiting.size > 0) this.#wait(turns - 1);
      else this.#look();
    });
  }

  #look(): void {
    this.#turn = undefined;
    this.#open(this.#waiting.size - this.#freed);
    // Without one that became free, as many as may be are being opened, and each of them ends up here again.
    if (this.#freed > 0 && this.#waiting.size > this.#opening.size) this.#lookSoon();
    this.#noteOpening();
  }

  get #isFull(): boolean {
    return this.#isClosed || this.#all.size >= this.#options.mostConnections;
  }

  #open(count: number): void {
    const wanted = Math.min(count, Math.max(FEW_OPENING, this.#all.size >> 2));
    while (this.#opening.size < wanted && !this.#isFull) {
      const connection = this.#add();
      if (connection === undefined) {
        this.#refuseOne();
        return;
      }
      this.#opening.add(connection);
    }
  }

  /** Fails an exchange for which there is no room for another connection, as somebody else's is not shared. */
  #refuseOne(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    this.#waiting.delete(first);
    first.end('connect_failed', this.#options.budget.refusal, 0);
    this.ended();
  }

  /** Opens a connection; undefined where there may be no more. */
  #add(): WireConnection | undefined {
    if (!this.#options.budget.take()) return undefined;
    const { openSocket, clock, countByHeader } = this.#options;
    const connection = new WireConnection(this, openSocket, clock, countByHeader);
    this.#all.add(connection);
    return connection;
  }

  #warmOne(): Promise<Error | undefined> {
    return new Promise((resolve) => {
      const connection = this.#add();
      if (connection === undefined) resolve(new Error(this.#options.budget.refusal));
      else this.#warming.set(connection, resolve);
      this.#noteOpening();
    });
  }

  #warmed(connection: WireConnection, error: Error | undefined): void {
    if (this.#warming.size === 0) return;
    this.#warming.get(connection)?.(error);
    this.#warming.delete(connection);
  }

  /** Notes that a connection began to open, or no longer does. */
  #noteOpening(): void {
    if (!this.#isBounded) return;
    const isOpening = this.#opening.size + this.#warming.size > 0;
    const isAtLimit = !isOpening && this.#all.size >= this.#options.mostConnections;
    this.#atLimit.set(isAtLimit, this.#options.clock.nowNs());
  }

  /**
   * Gives up the oldest connection that opens for nobody: one that takes so long that its operation was given up may
   * never open, and others must not wait for it.
   */
  #giveUpOpening(): void {
    const [oldest] = this.#opening;
    if (oldest === undefined || this.#opening.size <= this.#waiting.size) return;
    oldest.giveUp();
    this.ended();
  }
}

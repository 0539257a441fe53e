import type { Clock } from '../../replay/ports.ts';
import { GIVEN_UP } from '../answer/given-up.ts';
import type { ConnectionBudget } from '../connect/connection-budget.ts';
import { poolNumberOf } from '../connect/connection-mode.ts';
import type { SessionPool } from '../connect/session-pools.ts';
import { SpanTimer } from '../connect/span-timer.ts';
import { Connection, type ConnectionEvents, type ConnectionOptions } from './connection.ts';
import type { WireCall } from './wire-call.ts';
import type { ConnectionLoss } from './wire-outcome.ts';

/** After connecting failed, calls fail at once for this long; twice as long each time, up to the longest. */
const FIRST_PAUSE_NS = 100e6;
const LONGEST_PAUSE_NS = 1e9;

export interface PoolOptions extends ConnectionOptions {
  /** Connections from the start. */
  connections: number;
  maxConnections: number;
  budget: ConnectionBudget;
}

/**
 * The connections to one target. Calls of a session keep to one while it takes them, so that they leave in their
 * order; else a call goes to the one with the fewest. Where the server allows no more on any, another is opened, and
 * the call waits for it. What is lost is replaced when the next call comes.
 */
export class ConnectionPool implements ConnectionEvents, SessionPool {
  readonly #options: PoolOptions;
  readonly #clock: Clock;
  /** Opening or ready. */
  #usable: Connection[] = [];
  readonly #draining = new Set<Connection>();
  readonly #waiting = new Set<WireCall>();
  /** Runs, while something waits, when there may be, or can be, no more connections and none is being opened. */
  readonly #atLimit = new SpanTimer();
  #settled: (() => void)[] = [];
  #loss: ConnectionLoss = { failure: 'connect_failed', detail: 'not connected' };
  /** Why the last attempt to open a connection failed; '' where it did not, or is not over. */
  #inTheWay = '';
  #pauseNs = 0;
  #pausedUntilNs = -Infinity;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#clock = options.clock;
  }

  get size(): number {
    return this.#usable.length + this.#draining.size;
  }

  get isIdle(): boolean {
    const isIdle = ({ isOpening, openCalls }: Connection): boolean => !isOpening && openCalls === 0;
    return this.#waiting.size === 0 && this.#draining.size === 0 && this.#usable.every(isIdle);
  }

  /** Says why calls wait for a connection. */
  get whyWaiting(): string {
    const isOpening = this.#usable.length > 0 && this.#usable.every((connection) => connection.isOpening);
    if (isOpening) return GIVEN_UP.connecting;
    const more = this.#inTheWay === '' ? '' : `, and no other could be opened: ${this.#inTheWay}`;
    return `${GIVEN_UP.waiting}${more}`;
  }

  /** Opens the first connections. Resolves with undefined when one of them is ready, else with what is in the way. */
  async open(): Promise<ConnectionLoss | undefined> {
    while (this.#usable.length < this.#options.connections && this.#add());
    while (this.#usable.some((connection) => connection.isOpening)) {
      await new Promise<void>((resolve) => this.#settled.push(resolve));
    }
    return this.#usable.length > 0 ? undefined : this.#loss;
  }

  /** Sends a call as soon as a connection takes it. */
  place(call: WireCall): void {
    const connection = this.#pick(call.session);
    if (connection === undefined) {
      this.#wait(call);
      return;
    }
    connection.start(call);
    if (this.#usable.length < this.#options.connections) this.#grow();
  }

  /** Forgets a call that is over; it may have been waiting. */
  forget(call: WireCall): void {
    if (this.#waiting.size > 0) this.#waiting.delete(call);
  }

  /** Does nothing: idle connections are kept. */
  sweep(): void {}

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const call of [...this.#waiting]) call.end('given_up');
    const connections = [...this.#usable, ...this.#draining];
    await Promise.all(connections.map((connection) => connection.shut()));
  }

  hasRoom(connection: Connection): void {
    if (this.#pauseNs > 0 && !connection.isOpening) this.#pauseNs = 0;
    if (this.#settled.length > 0) this.#tellSettled();
    if (this.#waiting.size > 0) this.#serve();
  }

  retired(connection: Connection): void {
    this.#usable = this.#usable.filter((one) => one !== connection);
    this.#draining.add(connection);
    if (this.#waiting.size > 0) this.#serve();
  }

  gone(connection: Connection, loss: ConnectionLoss): void {
    this.#usable = this.#usable.filter((one) => one !== connection);
    this.#draining.delete(connection);
    this.#options.budget.give();
    if (!connection.wasReady) {
      this.#loss = loss;
      this.#inTheWay = loss.detail;
      this.#pauseNs = Math.min(LONGEST_PAUSE_NS, this.#pauseNs === 0 ? FIRST_PAUSE_NS : 2 * this.#pauseNs);
      this.#pausedUntilNs = this.#clock.nowNs() + this.#pauseNs;
    }
    this.#tellSettled();
    if (this.#waiting.size > 0) this.#serve();
  }

  #pick(session: string): Connection | undefined {
    const own = this.#usable[poolNumberOf(session, this.#usable.length)];
    if (own?.canTake === true) return own;
    let best: Connection | undefined;
    for (const connection of this.#usable) {
      if (connection.canTake && (best === undefined || connection.openCalls < best.openCalls))
        best = connection;
    }
    return best;
  }

  #wait(call: WireCall): void {
    call.heldFromNs = this.#limitedNs();
    this.#waiting.add(call);
    this.#growOrFail();
    this.#limitedNs();
  }

  /** For how long, in all, what waited could do nothing but wait for the calls before it. */
  #limitedNs(): number {
    const nowNs = this.#clock.nowNs();
    const isAtLimit =
      (this.#usable.length >= this.#options.maxConnections || this.#isPaused(nowNs)) &&
      this.#usable.every(({ isOpening }) => !isOpening);
    this.#atLimit.set(isAtLimit, nowNs);
    return this.#atLimit.at(nowNs);
  }

  #serve(): void {
    const limitedNs = this.#limitedNs();
    for (const call of this.#waiting) {
      const connection = this.#pick(call.session);
      if (connection === undefined) break;
      this.#waiting.delete(call);
      call.heldNs = limitedNs - call.heldFromNs;
      connection.start(call);
    }
    if (this.#waiting.size > 0) this.#growOrFail();
  }

  /** Something waits: for a connection that is opening, or has calls to end or bytes to write, or for none. */
  #growOrFail(): void {
    if (!this.#usable.every((connection) => connection.isFull)) return;
    this.#grow();
    if (this.#usable.length > 0) return;
    const { failure, detail } = this.#loss;
    for (const call of [...this.#waiting]) call.lost(failure, detail);
  }

  #isPaused(nowNs: number): boolean {
    return nowNs < this.#pausedUntilNs;
  }

  #grow(): void {
    if (!this.#isPaused(this.#clock.nowNs()) && this.#usable.length < this.#options.maxConnections)
      this.#add();
  }

  #add(): boolean {
    const { budget } = this.#options;
    if (this.#isClosed) return false;
    if (!budget.take()) {
      this.#loss = { failure: 'connect_failed', detail: budget.refusal };
      return false;
    }
    this.#inTheWay = '';
    this.#usable.push(new Connection(this, this.#options));
    return true;
  }

  #tellSettled(): void {
    if (this.#settled.length === 0 || this.#usable.some((connection) => connection.isOpening)) return;
    const settled = this.#settled;
    this.#settled = [];
    for (const tell of settled) tell();
  }
}

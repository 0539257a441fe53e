import { ConnectionBudget } from './connection-budget.ts';
import { type ConnectionMode, poolNumberOf } from './connection-mode.ts';

/** Connections that some sessions share with each other and with nobody else. */
export interface SessionPool {
  /** Nothing is under way or waits. */
  readonly isIdle: boolean;
  /** Connections that are open or being opened. */
  readonly size: number;
  /** Closes what was not used for too long; called once a second. */
  sweep(): void;
  /** Ends everything. */
  close(): void;
}

export interface SessionPoolsOptions<P> {
  mode: ConnectionMode;
  /** Most connections of all pools together, where each session has its own. */
  mostConnections: number;
  /** How long a pool of one session is kept without use, in s. */
  idleSecs: number;
  make(budget: ConnectionBudget): P;
}

interface Entry<P> {
  readonly pool: P;
  /** The sweep before which it was last used. */
  usedAt: number;
}

/** Most connections that sessions of their own have together, shared by all threads that send. */
export const MOST_OWN_CONNECTIONS = 16_384;
/** How long the connections of a session are kept without use where each has its own, in s. */
export const OWN_IDLE_SECS = 300;
/** Where there is no room a sixteenth of the idle sessions give up theirs: looking for the oldest costs. */
const ROOM_SHARE = 16;

/** The pool of each session: one for all, one of N by a hash of its name, or its own. */
export class SessionPools<P extends SessionPool> {
  readonly budget: ConnectionBudget;
  readonly #options: SessionPoolsOptions<P>;
  readonly #isOwn: boolean;
  /** One for all, or N of them, each made when its first session comes; empty where each session has its own. */
  readonly #shared: (P | undefined)[];
  readonly #own = new Map<string, Entry<P>>();
  #sweeps = 0;

  constructor(options: SessionPoolsOptions<P>) {
    const { mode, mostConnections } = options;
    this.#options = options;
    this.#isOwn = mode === 'recorded';
    this.budget = new ConnectionBudget(this.#isOwn ? mostConnections : Infinity, () => this.#makeRoom());
    const count = mode === 'recorded' ? 0 : mode === 'pooled' ? 1 : mode;
    this.#shared = Array.from({ length: count }, () => undefined);
  }

  of(session: string): P {
    if (this.#isOwn) return this.#ownOf(session);
    const { length } = this.#shared;
    return this.#sharedOf(length === 1 ? 0 : poolNumberOf(session, length));
  }

  /** Up to `most` pools to open before the first operation, which is one of these sessions. */
  first(sessions: readonly string[], most: number): P[] {
    if (!this.#isOwn) return this.#shared.slice(0, most).map((_, number) => this.#sharedOf(number));
    return sessions.slice(0, most).map((session) => this.#ownOf(session));
  }

  /** A session that is over: its pool is closed. */
  drop(session: string): void {
    this.#own.get(session)?.pool.close();
    this.#own.delete(session);
  }

  sweep(): void {
    this.#sweeps += 1;
    for (const pool of this.#shared) pool?.sweep();
    for (const [session, entry] of this.#own) {
      const { pool } = entry;
      pool.sweep();
      if (!pool.isIdle) entry.usedAt = this.#sweeps;
      else if (pool.size === 0 || this.#sweeps - entry.usedAt > this.#options.idleSecs) this.drop(session);
    }
  }

  /** All pools that there are. */
  *[Symbol.iterator](): Generator<P> {
    for (const pool of this.#shared) if (pool !== undefined) yield pool;
    for (const { pool } of this.#own.values()) yield pool;
  }

  #sharedOf(number: number): P {
    this.#shared[number] ??= this.#options.make(this.budget);
    return this.#shared[number];
  }

  #ownOf(session: string): P {
    let entry = this.#own.get(session);
    if (entry === undefined) {
      entry = { pool: this.#options.make(this.budget), usedAt: this.#sweeps };
      this.#own.set(session, entry);
    }
    entry.usedAt = this.#sweeps;
    return entry.pool;
  }

  /** Sessions that have not been heard of for longest give up their connections, and open them again if they return. */
  #makeRoom(): void {
    const idle = [...this.#own].filter(([, { pool }]) => pool.isIdle && pool.size > 0);
    idle.sort(([, a], [, b]) => a.usedAt - b.usedAt);
    for (const [session] of idle.slice(0, Math.ceil(idle.length / ROOM_SHARE))) this.drop(session);
  }
}

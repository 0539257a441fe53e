import type { Clock } from '../../replay/ports.ts';
import { emptyList } from '../../stable-shapes.ts';
import type { WireConnection } from './wire-connection.ts';

/**
 * Free connections. The one used last is used next, so that what is not needed goes idle and is closed: after
 * `keepAliveMs`, or a moment before the server said it would do so.
 */
export class IdleConnections {
  readonly #keepAliveMs: number;
  readonly #clock: Pick<Clock, 'nowNs'>;
  readonly #drop: (connection: WireConnection) => void;
  #free = emptyList<WireConnection>();

  constructor(keepAliveMs: number, clock: Pick<Clock, 'nowNs'>, drop: (connection: WireConnection) => void) {
    this.#keepAliveMs = keepAliveMs;
    this.#clock = clock;
    this.#drop = drop;
  }

  get size(): number {
    return this.#free.length;
  }

  put(connection: WireConnection, nowNs: number): void {
    connection.idleSinceNs = nowNs;
    this.#free.push(connection);
  }

  take(): WireConnection | undefined {
    for (;;) {
      const connection = this.#free.pop();
      if (connection === undefined || !this.#isStale(connection, this.#clock.nowNs())) return connection;
      this.#drop(connection);
    }
  }

  remove(connection: WireConnection): void {
    const at = this.#free.lastIndexOf(connection);
    if (at >= 0) this.#free.splice(at, 1);
  }

  /** Drops those that were idle for too long. */
  sweep(): void {
    if (this.#free.length === 0) return;
    const nowNs = this.#clock.nowNs();
    const stale = this.#free.filter((connection) => this.#isStale(connection, nowNs));
    if (stale.length === 0) return;
    this.#free = this.#free.filter((connection) => !this.#isStale(connection, nowNs));
    for (const connection of stale) this.#drop(connection);
  }

  #isStale(connection: WireConnection, nowNs: number): boolean {
    const limitMs = Math.min(this.#keepAliveMs, connection.serverKeepAliveMs);
    return nowNs - connection.idleSinceNs >= limitMs * 1e6;
  }
}

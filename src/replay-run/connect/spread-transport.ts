import { targetOf } from '../../replay/plan/target-of.ts';
import type { Cancel, SendListener, Transport } from '../../replay/ports.ts';
import type { TraceRecord } from '../../trace/record/record.ts';

/** Sends the operations of each session by the transport of its target; of one transport it makes nothing else. */
export function spreadOver(transports: readonly Transport[]): Transport {
  const [only] = transports;
  return transports.length === 1 && only !== undefined ? only : new SpreadTransport(transports);
}

class SpreadTransport implements Transport {
  readonly #transports: readonly Transport[];

  constructor(transports: readonly Transport[]) {
    this.#transports = transports;
  }

  /** All are opened, whatever becomes of the others; rejects with what the first of those says that failed. */
  async warmUp(sessions?: readonly string[]): Promise<void> {
    const opened = await Promise.allSettled(
      this.#transports.map((transport, target) => transport.warmUp(this.#ofTarget(sessions, target))),
    );
    const failed = opened.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  send(record: TraceRecord, timeScale: number, listener: SendListener): Cancel {
    const transport = this.#transports[targetOf(record.session, this.#transports.length)] as Transport;
    return transport.send(record, timeScale, listener);
  }

  async close(): Promise<void> {
    await Promise.all(this.#transports.map((transport) => transport.close()));
  }

  #ofTarget(sessions: readonly string[] | undefined, target: number): string[] | undefined {
    return sessions?.filter((session) => targetOf(session, this.#transports.length) === target);
  }
}

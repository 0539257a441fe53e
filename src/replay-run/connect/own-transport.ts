import type { SendListener, SendOutcome, Transport } from '../../replay/ports.ts';
import type { Protocol } from '../../trace/record/record.ts';
import { createLazyTransports, type LazyTransports } from './lazy-transports.ts';

/**
 * The transport of a caller for all that has somewhere to go. It stays open: who made it closes it. What it tells twice,
 * or after its operation was done, is not heard: the engine has another operation in that place by then.
 */
export function useOwnTransport(
  transport: Transport,
  hasTarget: (of: { protocol: Protocol }) => boolean,
): LazyTransports {
  const guarded: Transport = {
    warmUp: (sessions) => transport.warmUp(sessions),
    send: (record, timeScale, listener) => transport.send(record, timeScale, new OnceListener(listener)),
    close: async () => {},
  };
  const making = (protocol: Protocol) => (hasTarget({ protocol }) ? async () => guarded : undefined);
  return createLazyTransports({ http: making('http'), grpc: making('grpc') });
}

class OnceListener implements SendListener {
  #listener: SendListener | undefined;
  #isSent = false;
  #isAnswered = false;

  constructor(listener: SendListener) {
    this.#listener = listener;
  }

  onSent(heldNs?: number): void {
    if (this.#isSent) return;
    this.#isSent = true;
    this.#listener?.onSent(heldNs);
  }

  onFirstAnswer(): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#listener?.onFirstAnswer();
  }

  onDone(outcome: SendOutcome): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.onDone(outcome);
  }
}

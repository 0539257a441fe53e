import type { Disposition, Operation, ReplayObserver } from './ports.ts';
import { emptyAccounting, type ReplayAccounting } from './replay-end.ts';

/** Books every operation once, when it is planned and when it ends, and tells the observer. */
export class Ledger {
  readonly sums: ReplayAccounting = emptyAccounting();
  readonly #observer: ReplayObserver;

  constructor(observer: ReplayObserver) {
    this.#observer = observer;
  }

  planned(): void {
    this.sums.planned += 1;
  }

  sent(operation: Operation, inFlight: number): void {
    this.#observer.onSent(operation, inFlight);
  }

  settled(operation: Operation, disposition: Disposition, inFlight: number): void {
    this.#book(disposition);
    this.#observer.onSettled(operation, disposition, inFlight);
  }

  #book(disposition: Disposition): void {
    const { sums } = this;
    if (disposition === 'shed') sums.shed += 1;
    else if (disposition === 'gate_timeout') sums.gateTimeout += 1;
    else if (disposition === 'unsent') sums.unsent += 1;
    else {
      sums.sent += 1;
      if (disposition === 'ok') sums.ok += 1;
      else if (disposition === 'error') sums.errors += 1;
      else sums.cutOff += 1;
    }
  }
}

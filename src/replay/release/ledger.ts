import { bookDisposition, emptyAccounting, type ReplayAccounting } from '../accounting.ts';
import type { Disposition, Operation, ReplayObserver } from '../ports.ts';

/** Books every operation once, when it is planned and when it ends, and tells the observer. */
export class Ledger {
  readonly sums: ReplayAccounting = emptyAccounting();
  readonly #observer: ReplayObserver;

  constructor(observer: ReplayObserver) {
    this.#observer = observer;
  }

  /** Books one more operation and returns how many were planned before it. */
  planned(): number {
    return this.sums.planned++;
  }

  sent(operation: Operation, inFlight: number): void {
    this.#observer.onSent(operation, inFlight);
  }

  settled(operation: Operation, disposition: Disposition, inFlight: number): void {
    bookDisposition(this.sums, disposition);
    this.#observer.onSettled(operation, disposition, inFlight);
  }
}

import { OTHER_TROUBLES } from '../trouble-log.ts';
import type { RelayStatus } from './relay-messages.ts';

/** So many texts are told apart at one time. */
const MAX_TEXTS = 20;

/** Counts troubles of connections from one time to the next that they are told. */
export class TroubleCount {
  readonly #counts = new Map<string, number>();

  note(trouble: string): void {
    const text = this.#counts.has(trouble) || this.#counts.size < MAX_TEXTS ? trouble : OTHER_TROUBLES;
    this.#counts.set(text, (this.#counts.get(text) ?? 0) + 1);
  }

  /** Those since the last call. */
  take(): RelayStatus['troubles'] {
    const taken = [...this.#counts];
    this.#counts.clear();
    return taken;
  }
}

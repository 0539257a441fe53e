import type { Disposition, Operation } from '../replay/ports.ts';
import type { LogSeal, ReplayLog, ReplayLogObserver } from '../replay-log/replay-log.ts';
import { keyOfPreload } from '../workload/requests/record-maker.ts';

/** When a preload has come to nothing, so that it is not worth going on. */
export interface PreloadPatience {
  /** Memories that may fail in all. */
  readonly failures: number;
  /** So many in a row that fail for so long: the target is gone. */
  readonly inARow: number;
  readonly rowNs: number;
}

/**
 * Follows which memories of a preload are stored, in place of the log of its run: a memory counts as stored when the target
 * has said so, and a preload that goes on later begins with the first one that is not.
 */
export class StoredMemories {
  readonly #patience: PreloadPatience;
  readonly #nowNs: () => number;
  readonly #giveUp: () => void;
  #firstMissing = Infinity;
  #behindAll: number;
  #failures = 0;
  #failuresInARow = 0;
  #lastStoredNs: number;
  hasGivenUp = false;

  constructor(fromKey: number, patience: PreloadPatience, nowNs: () => number, giveUp: () => void) {
    this.#behindAll = fromKey;
    this.#patience = patience;
    this.#nowNs = nowNs;
    this.#lastStoredNs = nowNs();
    this.#giveUp = giveUp;
  }

  /** The first memory that is not stored, as far as is known: all before it are. */
  get next(): number {
    return Math.min(this.#firstMissing, this.#behindAll);
  }

  settled({ record }: Operation, disposition: Disposition): void {
    const key = keyOfPreload(record.session);
    this.#behindAll = Math.max(this.#behindAll, key + 1);
    if (disposition === 'ok') {
      this.#failuresInARow = 0;
      this.#lastStoredNs = this.#nowNs();
      return;
    }
    this.#firstMissing = Math.min(this.#firstMissing, key);
    if (disposition !== 'unsent') this.#failed();
  }

  /** What a run takes for its log. */
  asLog(): ReplayLog {
    const observer: ReplayLogObserver = {
      onSent: () => {},
      onSettled: (operation, disposition) => this.settled(operation, disposition),
      placeOf: () => undefined,
      adopt: () => {},
      flush: () => {},
    };
    const seal: LogSeal = { entries: 0, entriesLost: 0, blocks: 0, sha256: '' };
    return {
      recorder: () => observer,
      append: () => {},
      finish: () => Promise.resolve(seal),
      close: () => Promise.resolve(),
      abort: () => Promise.resolve(),
    };
  }

  #failed(): void {
    this.#failures += 1;
    this.#failuresInARow += 1;
    const { failures, inARow, rowNs } = this.#patience;
    const isGone = this.#failuresInARow >= inARow && this.#nowNs() - this.#lastStoredNs >= rowNs;
    if (this.hasGivenUp || (this.#failures <= failures && !isGone)) return;
    this.hasGivenUp = true;
    this.#giveUp();
  }
}

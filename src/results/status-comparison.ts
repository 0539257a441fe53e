import type { StatusClass } from './status-class.ts';

/** Operations of one kind whose answer was of another class than the recorded one. */
export interface StatusChange {
  recorded: StatusClass;
  replayed: StatusClass;
  count: number;
}

/** Counts how classes of answers differ from those recorded: of one operation name, or of all. */
export class StatusComparison {
  compared = 0;
  mismatches = 0;
  /** Few: one for each pair of classes that was seen. */
  readonly #changes: StatusChange[] = [];

  add(recorded: StatusClass, replayed: StatusClass): void {
    this.compared++;
    if (recorded === replayed) return;
    this.mismatches++;
    const known = this.#changes.find((each) => each.recorded === recorded && each.replayed === replayed);
    if (known === undefined) this.#changes.push({ recorded, replayed, count: 1 });
    else known.count++;
  }

  /** 0 to 1; undefined where nothing could be compared. */
  get mismatchShare(): number | undefined {
    return this.compared > 0 ? this.mismatches / this.compared : undefined;
  }

  /** Most frequent first. */
  get changes(): StatusChange[] {
    return [...this.#changes].sort((a, b) => b.count - a.count);
  }
}

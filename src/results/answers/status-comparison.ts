import { compareText } from './compare-text.ts';
import type { StatusClass } from './status-class.ts';

/** Operations of one kind whose answer was of another class than the recorded one. */
export interface StatusChange {
  recorded: StatusClass;
  replayed: StatusClass;
  count: number;
}

/** What was counted since a comparison was drained last. */
export interface StatusComparisonPart {
  compared: number;
  mismatches: number;
  changes: StatusChange[];
}

/** Counts how classes of answers differ from those recorded: of one operation name, or of all. */
export class StatusComparison {
  compared = 0;
  mismatches = 0;
  /** One for each pair of classes that was seen, which are few. */
  readonly #changes: StatusChange[] = [];

  add(recorded: StatusClass, replayed: StatusClass): void {
    this.compared++;
    if (recorded === replayed) return;
    this.mismatches++;
    this.#change(recorded, replayed).count++;
  }

  #change(recorded: StatusClass, replayed: StatusClass): StatusChange {
    const known = this.#changes.find((each) => each.recorded === recorded && each.replayed === replayed);
    if (known !== undefined) return known;
    const change = { recorded, replayed, count: 0 };
    this.#changes.push(change);
    return change;
  }

  /** Takes out what was counted since the last drain; undefined where that was nothing. */
  drain(): StatusComparisonPart | undefined {
    if (this.compared === 0) return undefined;
    const { compared, mismatches } = this;
    this.compared = 0;
    this.mismatches = 0;
    return { compared, mismatches, changes: this.#changes.splice(0) };
  }

  addPart({ compared, mismatches, changes }: StatusComparisonPart): void {
    this.compared += compared;
    this.mismatches += mismatches;
    for (const { recorded, replayed, count } of changes) this.#change(recorded, replayed).count += count;
  }

  /** Adds another comparison. */
  addAll({ compared, mismatches, changes }: StatusComparison): void {
    this.addPart({ compared, mismatches, changes });
  }

  /** The share of mismatches, 0 to 1; undefined where nothing could be compared. */
  get mismatchShare(): number | undefined {
    return this.compared > 0 ? this.mismatches / this.compared : undefined;
  }

  /** The changes, the most frequent first; equally frequent ones by their names. */
  get changes(): StatusChange[] {
    return [...this.#changes].sort(byCount);
  }
}

function byCount(a: StatusChange, b: StatusChange): number {
  return b.count - a.count || compareText(a.recorded, b.recorded) || compareText(a.replayed, b.replayed);
}

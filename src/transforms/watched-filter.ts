import type { TraceRecord } from '../trace/record/record.ts';
import { NameCounts } from './name-counts.ts';
import {
  createRecordFilter,
  type FilterConditions,
  isOutcomeKnown,
  type RecordPredicate,
} from './record-filter.ts';

/** Conditions whose values are names of something: one that nothing has is likely misspelt. */
const NAMED = ['ops', 'spaces', 'sessions', 'paths'] as const;
export type NamedCondition = (typeof NAMED)[number];

/** A value of a condition that no record met, and the names that records have there (none are kept of sessions and paths). */
export interface UnmetValue {
  readonly condition: NamedCondition;
  readonly value: string;
  readonly names: NameCounts;
}

/** A filter that knows what came by, kept or not: where little or nothing is kept, people want to know why. */
export class WatchedFilter {
  /** Of all records until one is kept and every value is met: then nobody asks any more. */
  readonly ops = new NameCounts();
  /** Records of whose outcome nothing is known, of those that meet all conditions but `ok`. */
  unknownOutcomes = 0;
  readonly #spaces = new NameCounts();
  readonly #conditions: FilterConditions;
  readonly #keep: RecordPredicate;
  readonly #meetsOthers: RecordPredicate;
  readonly #countsAll: boolean;
  #unmet: (UnmetValue & { isMetBy: RecordPredicate })[];
  #keptAny = false;

  /** `countsAll`: what is kept here may be left out later, so that `ops` has to be counted to the end. */
  constructor(conditions: FilterConditions, countsAll = false) {
    this.#conditions = conditions;
    this.#countsAll = countsAll;
    this.#keep = createRecordFilter(conditions);
    this.#meetsOthers = createRecordFilter({ ...conditions, ok: undefined, invert: false });
    const namesOf = {
      ops: this.ops,
      spaces: this.#spaces,
      sessions: new NameCounts(),
      paths: new NameCounts(),
    };
    this.#unmet = NAMED.flatMap((condition) =>
      (conditions[condition] ?? []).map((value) => ({
        condition,
        value,
        names: namesOf[condition],
        isMetBy: createRecordFilter({ [condition]: [value] }),
      })),
    );
  }

  /** The predicate of `createRecordFilter`. */
  readonly keep = (record: TraceRecord): boolean => {
    const isKept = this.#keep(record);
    this.#keptAny ||= isKept;
    const hasUnmet = this.#unmet.length > 0;
    if (hasUnmet) this.#meet(record);
    if (!this.#keptAny || this.#countsAll || hasUnmet) this.ops.add(record.op);
    if (this.#conditions.ok !== undefined && !isOutcomeKnown(record) && this.#meetsOthers(record)) {
      this.unknownOutcomes++;
    }
    return isKept;
  };

  /** The conditions that no record has met so far. */
  get unmet(): readonly UnmetValue[] {
    return this.#unmet;
  }

  #meet(record: TraceRecord): void {
    this.#spaces.add(record.space);
    if (this.#unmet.some(({ isMetBy }) => isMetBy(record))) {
      this.#unmet = this.#unmet.filter(({ isMetBy }) => !isMetBy(record));
    }
  }
}

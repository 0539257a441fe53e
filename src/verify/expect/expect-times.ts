import {
  countClamped,
  expectHistogram,
  expectPercentiles,
  type SortedTimes,
} from '../measure/exact-times.ts';
import { type Expectations, expectAll } from '../measure/expectations.ts';
import type { LogRow, LogTable } from '../measure/log-table.ts';
import type { OpNames } from '../measure/op-names.ts';
import { TimeList } from '../measure/time-list.ts';

/** One kind of times that an operation may have many of; `T` is what the log has of the inside of an operation. */
export interface TimesKind<T> {
  /** Name in its section of the document. */
  readonly section: string;
  readonly histogram: string;
  addTimes(row: LogRow, inside: T, to: TimeList): void;
}

/** A section of the document that consists of such kinds. */
export interface TimesSection<T> {
  readonly kinds: readonly TimesKind<T>[];
  /** Path of the section; undefined where the document has none. */
  readonly path: string | undefined;
  /** Unit of its percentiles. */
  readonly unitNs: number;
  /** Places in the names of the ops that have an entry. */
  readonly ops: ReadonlySet<number>;
  /** What counts of an operation; undefined for one that takes no part. */
  insideOf(row: LogRow): T | undefined;
}

/** Expects percentiles and histograms of each kind, op by op and overall. Returns how many times lie outside of those. */
export async function expectTimes<T>(
  table: LogTable,
  names: OpNames,
  section: TimesSection<T>,
  into: Expectations,
): Promise<{ below: number; above: number }> {
  const clamped = { below: 0, above: 0 };
  for (const kind of section.kinds) {
    const outside = await expectKind(table, names, section, kind, into);
    clamped.below += outside.below;
    clamped.above += outside.above;
  }
  return clamped;
}

async function expectKind<T>(
  table: LogTable,
  names: OpNames,
  { path, unitNs, ops, insideOf }: TimesSection<T>,
  kind: TimesKind<T>,
  into: Expectations,
) {
  const lists = new Map([...ops].map((op) => [op, new TimeList()]));
  const all = new TimeList();
  await table.each((row) => {
    const inside = insideOf(row);
    if (inside === undefined) return;
    kind.addTimes(row, inside, lists.get(names.indexOf(row.op)) as TimeList);
    kind.addTimes(row, inside, all);
  });
  const expectOf = (key: string, times: SortedTimes): void => {
    expectHistogram(into, `histograms.${kind.histogram}.${key}`, times);
    if (path !== undefined)
      expectAll(into, `${path}.${kind.section}.${key}`, expectPercentiles(times, unitNs));
  };
  for (const [op, list] of lists) expectOf(names.keys[op] as string, list.sorted());
  const overall = all.sorted();
  expectOf('overall', overall);
  return countClamped(overall);
}

import { type Expectations, exactly } from '../measure/expectations.ts';
import type { LogTable } from '../measure/log-table.ts';
import type { Leaves } from './document-leaves.ts';

/** Values past these, in the order of their first answers, are counted together: the document has to be held to less. */
const MOST_VALUES = 1000;
const MOST_NAMED = 100;
const SECTION = 'counted_by_header';
const VALUES = `${SECTION}.values.`;

interface Counts {
  /** Of the first values, one more than a tally counts, and of those that the document names. */
  values: Map<string, number>;
  present: number;
  absent: number;
}

/** Answers by the value of the header `name`; nothing where that was not asked for. */
export async function expectHeaderCounts(
  table: LogTable,
  name: unknown,
  leaves: Leaves,
  into: Expectations,
): Promise<void> {
  if (typeof name !== 'string') return;
  const named = new Map<string, number>();
  for (const [path, count] of leaves)
    if (path.startsWith(VALUES)) named.set(path.slice(VALUES.length), Number(count));
  const { values, present, absent } = await countValues(table, named);
  const isBounded = values.size > MOST_VALUES;
  const expected = isBounded ? boundedBy(named, values) : mostFrequent(values);
  const sum = expected.reduce((all, [, count]) => all + count, 0);
  into.set(`${SECTION}.name`, exactly(name));
  for (const [value, count] of expected) into.set(`${VALUES}${value}`, exactly(count));
  into.set(`${SECTION}.other`, exactly(present - sum));
  into.set(`${SECTION}.absent`, exactly(absent));
}

async function countValues(table: LogTable, named: ReadonlyMap<string, number>): Promise<Counts> {
  const counts: Counts = { values: new Map(), present: 0, absent: 0 };
  const { values } = counts;
  await table.each((row) => {
    if (!row.isAttempted) return;
    const value = row.headerValue;
    if (value === undefined) {
      if (row.status >= 0 && !row.isCancelled) counts.absent += 1;
      return;
    }
    counts.present += 1;
    const known = values.get(value);
    if (known !== undefined || values.size <= MOST_VALUES || named.has(value))
      values.set(value, (known ?? 0) + 1);
  });
  return counts;
}

function mostFrequent(values: ReadonlyMap<string, number>): [string, number][] {
  const sorted = [...values].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
  return sorted.slice(0, MOST_NAMED);
}

/** Which of so many values have a count of their own went by first use, in each thread: no count is above that of the log. */
function boundedBy(
  named: ReadonlyMap<string, number>,
  values: ReadonlyMap<string, number>,
): [string, number][] {
  return [...named].map(([value, count]) => [value, Math.min(count, values.get(value) ?? 0)]);
}

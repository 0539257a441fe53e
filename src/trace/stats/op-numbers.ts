/** The name that further names are counted under once there are as many as are kept. */
export const OTHER_NAME = '(other)';
/**
 * Names that blocks count by number. A block has a number for each of them, used or not: without a bound a scanner's
 * day, with new names in every block, grows as the square of its length.
 */
export const MAX_NUMBERED_OPS = 64;

/** Numbers the ops of a file, for the op counts of its blocks. */
export interface OpNumbers {
  /** By number: the first names that came, then `(other)` where there were more. */
  readonly names: string[];
  /** Counts by number; they add up to those given. */
  countsOf(counts: Iterable<readonly [op: string, count: number]>): number[];
}

export function createOpNumbers(): OpNumbers {
  const names: string[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (op: string): number => {
    const known = numbers.get(op);
    if (known !== undefined) return known;
    if (numbers.size >= MAX_NUMBERED_OPS && op !== OTHER_NAME) return numberOf(OTHER_NAME);
    numbers.set(op, names.length);
    return names.push(op) - 1;
  };
  return {
    names,
    countsOf(counts) {
      const numbered: number[] = [];
      for (const [op, count] of counts) {
        if (count === 0) continue;
        const number = numberOf(op);
        numbered[number] = (numbered[number] ?? 0) + count;
      }
      return Array.from(numbered, (count) => count ?? 0);
    },
  };
}

/** Counts of a file that numbered all its ops, as it would count them today; `boundNames` has the names for them. */
export function boundCounts(counts: number[]): number[] {
  if (counts.length <= MAX_NUMBERED_OPS + 1) return counts;
  const rest = counts.slice(MAX_NUMBERED_OPS).reduce((sum, count) => sum + count, 0);
  return [...counts.slice(0, MAX_NUMBERED_OPS), rest];
}

/** The names of a file that numbered all its ops, to go with `boundCounts`. */
export function boundNames(names: string[]): string[] {
  return names.length <= MAX_NUMBERED_OPS + 1 ? names : [...names.slice(0, MAX_NUMBERED_OPS), OTHER_NAME];
}

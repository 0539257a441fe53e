/** A value that was seen at a place; the heavier, the surer. */
export interface Weighted {
  readonly x: number;
  readonly y: number;
  readonly weight: number;
}

/**
 * The never rising values that lie nearest to what was seen, by least squares: pool adjacent violators (Ayer and others
 * 1955). One entry for each x, in their order; what was seen several times at one x is one value.
 */
export function fallingFit(seen: readonly Weighted[]): { x: number; y: number }[] {
  const pools: { xs: number[]; sum: number; weight: number }[] = [];
  for (const { x, y, weight } of joined(seen)) {
    pools.push({ xs: [x], sum: y * weight, weight });
    for (;;) {
      const [before, last] = pools.slice(-2);
      if (before === undefined || last === undefined) break;
      if (before.sum / before.weight >= last.sum / last.weight) break;
      before.xs.push(...last.xs);
      before.sum += last.sum;
      before.weight += last.weight;
      pools.pop();
    }
  }
  return pools.flatMap(({ xs, sum, weight }) => xs.map((x) => ({ x, y: sum / weight })));
}

function joined(seen: readonly Weighted[]): Weighted[] {
  const at = new Map<number, Weighted>();
  for (const { x, y, weight } of seen) {
    const other = at.get(x) ?? { x, y: 0, weight: 0 };
    const sum = other.weight + weight;
    at.set(x, { x, y: (other.y * other.weight + y * weight) / sum, weight: sum });
  }
  return [...at.values()].sort((a, b) => a.x - b.x);
}

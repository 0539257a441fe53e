interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * Where a rising curve that bends upwards turns steep: the point that lies furthest below the line from its first to
 * its last one (Kneedle: Satopää and others 2011, for convex curves, without smoothing). Undefined where it does not bend,
 * and of fewer than four points.
 */
export function kneeOf(points: readonly Point[]): Point | undefined {
  const sorted = points.toSorted((a, b) => a.x - b.x);
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined || sorted.length < 4) return undefined;
  const [width, height] = [last.x - first.x, last.y - first.y];
  if (!(width > 0 && height > 0)) return undefined;
  const depths = sorted.map(({ x, y }) => (x - first.x) / width - (y - first.y) / height);
  const deepest = Math.max(...depths);
  return deepest > FEWEST_DEPTH ? sorted[depths.indexOf(deepest)] : undefined;
}

/** What bends less, of the height of the whole curve, has no knee. */
const FEWEST_DEPTH = 0.1;

interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * A smooth curve through points whose values never rise (or never fall), which does not either: cubic pieces with the slopes of
 * Fritsch and Carlson (1980). Points by x, at least two, no x twice; outside of them the curve stays at its ends.
 */
export function monotoneCurve(points: readonly Point[]): (x: number) => number {
  const slopes = slopesOf(points);
  return (x) => {
    const after = points.findIndex((point) => point.x >= x);
    if (after < 0) return points.at(-1)?.y ?? Number.NaN;
    const [a, b] = [points[after - 1], points[after] as Point];
    if (a === undefined) return b.y;
    const width = b.x - a.x;
    const t = (x - a.x) / width;
    const [slopeA = 0, slopeB = 0] = [slopes[after - 1], slopes[after]];
    // Hermite's base functions.
    return (
      (1 + 2 * t) * (1 - t) ** 2 * a.y +
      t * (1 - t) ** 2 * width * slopeA +
      t ** 2 * (3 - 2 * t) * b.y +
      t ** 2 * (t - 1) * width * slopeB
    );
  };
}

function slopesOf(points: readonly Point[]): number[] {
  const chords = points.slice(1).map(({ x, y }, i) => {
    const before = points[i] as Point;
    return (y - before.y) / (x - before.x);
  });
  const slopes = points.map((_, i) => {
    const [left = chords[i] ?? 0, right = chords[i - 1] ?? 0] = [chords[i - 1], chords[i]];
    return left * right <= 0 ? 0 : (left + right) / 2;
  });
  for (const [i, chord] of chords.entries()) {
    if (chord === 0) {
      slopes[i] = 0;
      slopes[i + 1] = 0;
      continue;
    }
    const [a, b] = [(slopes[i] as number) / chord, (slopes[i + 1] as number) / chord];
    const length = Math.hypot(a, b);
    if (length <= 3) continue;
    slopes[i] = (3 * a * chord) / length;
    slopes[i + 1] = (3 * b * chord) / length;
  }
  return slopes;
}

/** Where a curve that never rises reaches 0 between two places, of which the first is above it; by halving. */
export function rootOfFalling(curve: (x: number) => number, from: number, to: number): number {
  let [low, high] = [from, to];
  for (let i = 0; i < 60; i += 1) {
    const middle = (low + high) / 2;
    if (curve(middle) > 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

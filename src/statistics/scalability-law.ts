/** Throughput at a number of operations in flight. */
export interface ScalabilityPoint {
  readonly inFlight: number;
  readonly perSecond: number;
}

/** Gunther's Universal Scalability Law: X(N) = rate N / (1 + contention (N - 1) + crosstalk N (N - 1)). */
export interface ScalabilityLaw {
  /** Throughput with one operation in flight. */
  readonly rate: number;
  readonly contention: number;
  readonly crosstalk: number;
  /** Where throughput is highest; null where more is always more. */
  readonly peakInFlight: number | null;
  readonly peakPerSecond: number | null;
}

const FEWEST_POINTS = 6;

/**
 * Fits the law in its linear form, N / X = a + b (N - 1) + c N (N - 1) with a = 1 / rate, by least squares with weights of relative
 * errors; no coefficient is negative. (Levenberg-Marquardt from ordinary starting values runs away.) Undefined of fewer than
 * six points, or where they are at fewer than three places.
 */
export function scalabilityLaw(points: readonly ScalabilityPoint[]): ScalabilityLaw | undefined {
  const usable = points.filter(({ inFlight, perSecond }) => inFlight > 0 && perSecond > 0);
  if (usable.length < FEWEST_POINTS || new Set(usable.map(({ inFlight }) => inFlight)).size < 3)
    return undefined;
  const rows = usable.map(({ inFlight: n, perSecond }) => {
    const y = n / perSecond;
    return { terms: [1 / y, (n - 1) / y, (n * (n - 1)) / y] as const, y: 1 };
  });
  // Of the fits with some of the terms, whose coefficients are none below 0, the one with the least error.
  const [best] = [[0, 1, 2], [0, 1], [0, 2], [0]]
    .flatMap((columns) => fitOf(rows, columns) ?? [])
    .sort((one, other) => one.error - other.error);
  if (best === undefined) return undefined;
  const [a, b, c] = best.coefficients;
  const law = { rate: 1 / a, contention: b / a, crosstalk: c / a };
  const peak = c > 0 ? Math.sqrt(Math.max(0, 1 - b / a) / (c / a)) : null;
  if (peak === null || peak < 1) return { ...law, peakInFlight: null, peakPerSecond: null };
  return { ...law, peakInFlight: peak, peakPerSecond: throughputAt(law, peak) };
}

/** Throughput that the law says for so many operations in flight. */
export function throughputAt(
  { rate, contention, crosstalk }: Pick<ScalabilityLaw, 'rate' | 'contention' | 'crosstalk'>,
  inFlight: number,
): number {
  return (rate * inFlight) / (1 + contention * (inFlight - 1) + crosstalk * inFlight * (inFlight - 1));
}

interface Row {
  readonly terms: readonly [number, number, number];
  readonly y: number;
}

interface Fit {
  readonly coefficients: readonly [number, number, number];
  /** The sum of squares of what is left. */
  readonly error: number;
}

/** Undefined where a coefficient would be below 0, or the first, which all throughput comes from, not above it. */
function fitOf(rows: readonly Row[], columns: readonly number[]): Fit | undefined {
  const values = leastSquares(rows, columns);
  if (values === undefined || !values.every((value) => value >= 0) || !((values[0] ?? 0) > 0))
    return undefined;
  const of = (column: number): number => values[columns.indexOf(column)] ?? 0;
  const coefficients = [of(0), of(1), of(2)] as const;
  const error = sumOf(rows, ({ terms, y }) => {
    const fitted = terms.reduce((sum, term, i) => sum + term * (coefficients[i] ?? 0), 0);
    return (y - fitted) ** 2;
  });
  return { coefficients, error };
}

/** Solves the normal equations for some of the columns; undefined where they don't determine them. */
function leastSquares(rows: readonly Row[], columns: readonly number[]): number[] | undefined {
  const matrix = columns.map((i) => [
    ...columns.map((j) => sumOf(rows, ({ terms }) => (terms[i] ?? 0) * (terms[j] ?? 0))),
    sumOf(rows, ({ terms, y }) => (terms[i] ?? 0) * y),
  ]);
  return solved(matrix);
}

function sumOf(rows: readonly Row[], value: (row: Row) => number): number {
  return rows.reduce((sum, row) => sum + value(row), 0);
}

/** Gauss and Jordan's elimination with pivots. */
function solved(matrix: number[][]): number[] | undefined {
  const size = matrix.length;
  for (let column = 0; column < size; column += 1) {
    const rest = matrix.slice(column);
    const pivot = rest.reduce((best, row) =>
      Math.abs(row[column] ?? 0) > Math.abs(best[column] ?? 0) ? row : best,
    );
    if (Math.abs(pivot[column] ?? 0) < 1e-300) return undefined;
    matrix.splice(matrix.indexOf(pivot), 1);
    matrix.splice(column, 0, pivot);
    for (const row of matrix) {
      if (row === pivot) continue;
      const factor = (row[column] ?? 0) / (pivot[column] ?? 1);
      for (let i = column; i <= size; i += 1) row[i] = (row[i] ?? 0) - factor * (pivot[i] ?? 0);
    }
  }
  return matrix.map((row, i) => (row[size] ?? 0) / (row[i] ?? 1));
}

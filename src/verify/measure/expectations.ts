/** A number, a name or a truth in a results document. */
export type Leaf = number | string | boolean | null;

/** Says what a leaf has to be. */
export interface Expectation {
  readonly value: Leaf;
  /** How far a number may be from it, in its own unit. */
  readonly tolerance: number;
}

/** What is expected of a document, by path; one expect-….ts after the other adds to it. */
export type Expectations = Map<string, Expectation>;

/** Results are rounded to this many parts of their unit. */
const ROUNDING = 1e-6;
/** Sums of doubles in another order differ by less. */
const RELATIVE = 1e-9;

/** Expects exactly this value. */
export function exactly(value: Leaf): Expectation {
  return { value, tolerance: 0 };
}

/** Expects a number that was computed in floating point and rounded; undefined and what is not finite are null. */
export function nearly(value: number | undefined, tolerance = 0): Expectation {
  if (value === undefined || !Number.isFinite(value)) return exactly(null);
  return { value, tolerance: tolerance + ROUNDING + Math.abs(value) * RELATIVE };
}

/** Tells whether a leaf is what is expected. */
export function agrees(leaf: unknown, { value, tolerance }: Expectation): boolean {
  if (typeof value === 'number' && typeof leaf === 'number') return Math.abs(leaf - value) <= tolerance;
  return leaf === value;
}

/** Sets an expectation for each name. */
export function expectAll(into: Expectations, path: string, values: Record<string, Expectation>): void {
  for (const [name, expectation] of Object.entries(values)) into.set(`${path}.${name}`, expectation);
}

const ROUNDING = 1e-9;

/**
 * How much values in the order of time resemble their neighbours: the lag-1 autocorrelation, -1 to 1; 0 where there are
 * fewer than three or all are the same.
 */
export function lagOneAutocorrelation(values: readonly number[]): number {
  if (values.length < 3) return 0;
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  let over = 0;
  let under = 0;
  let before = 0;
  for (const [i, value] of values.entries()) {
    const distance = value - mean;
    under += distance * distance;
    if (i > 0) over += distance * before;
    before = distance;
  }
  // What is left of equal values by rounding is no likeness.
  return under <= values.length * (ROUNDING * mean) ** 2 ? 0 : over / under;
}

/**
 * As how many independent values `count` values count whose neighbours resemble each other by `r`: n (1 - r) / (1 + r).
 * Never more than there are, and at least one.
 */
export function effectiveCount(count: number, r: number): number {
  const kept = Math.min(Math.max(r, 0), 1);
  return Math.max(Math.min(1, count), (count * (1 - kept)) / (1 + kept));
}

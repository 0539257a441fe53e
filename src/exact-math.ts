// Math.log, exp, pow and sin may differ in their last bit from one V8 to the next, and one bit moves an arrival by a ns.
// These are made of + - * / alone, which IEEE 754 rounds in one way only: the same bits everywhere.

const { LN2, SQRT2, PI } = Math;

/** The natural logarithm of a number above 0, to some 1e-15. */
export function naturalLog(value: number): number {
  let mantissa = value;
  let exponent = 0;
  for (; mantissa < SQRT2 / 2; mantissa *= 2) exponent -= 1;
  for (; mantissa > SQRT2; mantissa /= 2) exponent += 1;
  // ln m = 2 artanh((m - 1) / (m + 1)), and |(m - 1) / (m + 1)| < 0.172.
  const ratio = (mantissa - 1) / (mantissa + 1);
  const square = ratio * ratio;
  let sum = 0;
  for (let odd = 21; odd >= 1; odd -= 2) sum = sum * square + 1 / odd;
  return exponent * LN2 + 2 * ratio * sum;
}

/** e to the power of `value`, to some 1e-15 of the result. */
export function exponential(value: number): number {
  const doublings = Math.round(value / LN2);
  const rest = value - doublings * LN2;
  let sum = 1;
  for (let n = 18; n >= 1; n--) sum = 1 + (sum * rest) / n;
  for (let i = 0; i < doublings; i++) sum *= 2;
  for (let i = 0; i > doublings; i--) sum /= 2;
  return sum;
}

/** The sine of so many turns (1 is the whole circle). */
export function sineOfTurns(turns: number): number {
  const quarters = (turns - Math.floor(turns)) * 4;
  const quarter = Math.floor(quarters);
  const within = quarters - quarter;
  const angle = (quarter % 2 === 0 ? within : 1 - within) * (PI / 2);
  let sum = 0;
  for (let odd = 21; odd >= 1; odd -= 2) sum = 1 - (sum * angle * angle) / ((odd + 1) * (odd + 2));
  return (quarter < 2 ? 1 : -1) * angle * sum;
}

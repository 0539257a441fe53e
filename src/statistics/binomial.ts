/**
 * The probability of at most `k` successes in `n` tries of probability `p`: the regularised incomplete beta function
 * I(1-p; n-k, k+1), which costs the same for a hundred tries and for a hundred million.
 */
export function binomialAtMost(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return incompleteBeta(1 - p, n - k, k + 1);
}

/** The smallest number of successes that is reached or undercut with at least probability `wanted`. */
export function binomialQuantile(wanted: number, n: number, p: number): number {
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (binomialAtMost(middle, n, p) >= wanted) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The regularised incomplete beta function I(x; a, b), by Lentz's continued fraction (Numerical Recipes, 6.4), on the side where it converges fast. */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return (front * betaFraction(x, a, b)) / a;
}

const SMALLEST = 1e-300;
const CLOSE = 1e-14;
/** It takes some sqrt(max(a, b)) steps: enough for 10^10 tries. */
const MOST_STEPS = 200_000;

function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let h = d;
  for (let m = 1; m <= MOST_STEPS; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    h *= d * c;
    if (Math.abs(d * c - 1) < CLOSE) break;
  }
  return h;
}

/** Away from 0, by which Lentz's method would divide. */
function away(value: number): number {
  return Math.abs(value) < SMALLEST ? SMALLEST : value;
}

/** ln of the gamma function for x > 0: Lanczos with g = 7 and nine terms, relative error below 1e-14. */
function logGamma(x: number): number {
  const [first = 0, ...rest] = LANCZOS;
  const t = x + 6.5;
  const sum = rest.reduce((total, each, i) => total + each / (x + i), first);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

import { incompleteBeta } from './binomial.ts';

/** The probability that Student's t of `degrees` lies further from 0 than `t` on either side. */
export function twoSidedStudentP(t: number, degrees: number): number {
  return incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5);
}

/** The value that Student's t of `degrees` stays below with probability `p` (above 0.5): by bisection of the above. */
export function studentQuantile(p: number, degrees: number): number {
  const beyond = 2 * (1 - p);
  let low = 0;
  let high = 1;
  while (twoSidedStudentP(high, degrees) > beyond && high < 1e9) high *= 2;
  for (let step = 0; step < 80; step += 1) {
    const middle = (low + high) / 2;
    if (twoSidedStudentP(middle, degrees) > beyond) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

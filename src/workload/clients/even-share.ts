/**
 * Says of the n-th of many whether it belongs to a share of them, spread as evenly as whole numbers allow: of any n in a
 * row, share x n, to one. With phases spread over [0, 1) the sum over many clients is as near.
 */
export function isInShare(n: number, share: number, phase: number): boolean {
  return Math.floor((n + 1) * share + phase) > Math.floor(n * share + phase);
}

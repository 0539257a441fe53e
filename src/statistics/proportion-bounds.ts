import type { Bounds } from './bounds.ts';
import { normalQuantile } from './normal.ts';

/**
 * Bounds of a share of which `hits` in `tries` were seen: Wilson's score interval (Wilson 1927), which holds for shares
 * near 0 and 1 and for no hit at all. `worth` is how many independent tries they count as.
 */
export function proportionBounds(hits: number, tries: number, confidence: number, worth = tries): Bounds {
  if (tries === 0) return { low: 0, high: 1 };
  const share = hits / tries;
  const z = normalQuantile((1 + confidence) / 2);
  const spread = (z * z) / worth;
  const middle = (share + spread / 2) / (1 + spread);
  const half = (z / (1 + spread)) * Math.sqrt((share * (1 - share)) / worth + spread / (4 * worth));
  // What was never or always seen may be so; rounding must not say otherwise.
  const low = hits === 0 ? 0 : Math.max(0, middle - half);
  return { low, high: hits === tries ? 1 : Math.min(1, middle + half) };
}

/** A fifth of the run, five minutes at most. */
const [SHARE, MOST_S] = [0.2, 300];

/** How long after its start no trend of a run is told, in s: caches are cold then, and heaps grow. */
export function warmUpS(runS: number): number {
  return Math.min(MOST_S, SHARE * runS);
}

/**
 * Which of several hypotheses are rejected when no true one may be with more than probability `alpha`: Holm's step-down
 * procedure (Holm 1979). `ps` are their p-values; the answer is in their order.
 */
export function holmRejects(ps: readonly number[], alpha: number): boolean[] {
  const order = ps.map((_, i) => i).sort((a, b) => (ps[a] as number) - (ps[b] as number));
  const rejects = ps.map(() => false);
  for (const [rank, i] of order.entries()) {
    if ((ps[i] as number) > alpha / (ps.length - rank)) break;
    rejects[i] = true;
  }
  return rejects;
}

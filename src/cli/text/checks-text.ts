import type { CheckEntry, ResultsDocument } from '../../results/document/results-document.ts';

/** Says which limits were held; nothing where there were none, or where nothing was measured that could be judged. */
export function checkLines({
  checks: all,
  fidelity,
}: Pick<ResultsDocument, 'checks' | 'fidelity'>): string[] {
  // Those that were given with the run have a checklist of their own.
  const checks = all.filter(({ status }) => status === undefined);
  if (checks.length === 0) return [];
  const isJudged = fidelity.verdict !== 'invalid';
  const head = isJudged ? 'limits:' : 'limits (the run is invalid, so they prove nothing):';
  return [head, ...checks.map((check) => `  ${checkText(check)}`)];
}

/** A limit, what was observed, and whether it was held. */
export function checkText({ expr, observed, pass, status, why }: CheckEntry): string {
  const value = observed === null ? 'nothing was measured' : String(Number(observed.toPrecision(4)));
  const word = status ?? (pass ? 'held    ' : 'NOT HELD');
  return `${word}  ${expr} (${why ?? value})`;
}

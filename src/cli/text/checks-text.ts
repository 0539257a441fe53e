import type { CheckEntry, ResultsDocument } from '../../results/document/results-document.ts';

/** Says which limits were held; nothing where there were none, or where nothing was measured that could be judged. */
export function checkLines({ checks, fidelity }: Pick<ResultsDocument, 'checks' | 'fidelity'>): string[] {
  if (checks.length === 0) return [];
  const isJudged = fidelity.verdict !== 'invalid';
  const head = isJudged ? 'limits:' : 'limits (the run is invalid, so they prove nothing):';
  return [head, ...checks.map((check) => `  ${checkText(check)}`)];
}

/** A limit, what was observed, and whether it was held. */
export function checkText({ expr, observed, pass }: CheckEntry): string {
  const value = observed === null ? 'nothing was measured' : String(Number(observed.toPrecision(4)));
  return `${pass ? 'held    ' : 'NOT HELD'}  ${expr} (${value})`;
}

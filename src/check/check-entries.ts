import type { CheckEntry } from '../results/document/results-document.ts';
import type { CheckReport } from './check-results.ts';
import type { Judgement } from './judge-limit.ts';

/** The lines of a report as `checks` of a results document has them; a bound that the data do not give is null. */
export function checkEntries({ judgements, status }: CheckReport): Required<CheckEntry>[] {
  return judgements.map((judgement) => entryOf(judgement, status !== 'NOT JUDGED'));
}

function entryOf({ limit, seen, status, spans, notPassed }: Judgement, isJudged: boolean) {
  const shown = isJudged && seen.value !== null ? status : 'not judged';
  return {
    name: limit.name,
    expr: limit.text,
    fails: limit.fails ?? null,
    status: shown,
    pass: shown === 'PASS',
    required: limit.isRequired,
    observed: seen.value,
    low: finiteOrNull(seen.bounds?.low),
    high: finiteOrNull(seen.bounds?.high),
    where: seen.where ?? null,
    why: seen.why ?? null,
    windows: spans,
    windows_not_passed: notPassed,
  } as const;
}

function finiteOrNull(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
